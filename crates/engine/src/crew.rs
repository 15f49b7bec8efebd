//! Threads that evaluate: so many, and none of them a reactor's.
//!
//! A [`Crew`] works for many tenants. Each has its own queue, the queues take turns, and no tenant holds more than its share
//! of the threads: a policy that takes long delays who brought it. [`in_order`] has one stream of work done by all
//! processors.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io::Result;
use std::num::{NonZeroU32, NonZeroUsize};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// What a crew may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CrewLimits {
    /// Threads.
    pub threads: NonZeroUsize,
    /// Threads that work for one tenant at a time, at most.
    pub share: NonZeroUsize,
    /// Tasks of one tenant that wait, at most.
    pub waiting_of_tenant: usize,
    /// Tasks that wait, at most.
    pub waiting: usize,
}

impl CrewLimits {
    /// Returns the limits for so many threads: all but one for a tenant, so that another always finds one; of one thread, it.
    /// 256 tasks of a tenant wait and 4 096 in all, chosen by feel: what waits longer than its asker is worth nothing.
    #[must_use]
    pub fn of(threads: NonZeroUsize) -> CrewLimits {
        let share = NonZeroUsize::new(threads.get() - 1).unwrap_or(threads);
        CrewLimits { threads, share, waiting_of_tenant: 256, waiting: 4_096 }
    }
}

/// On which terms a tenant has its tasks done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Tasks of one turn, when others wait, too.
    pub weight: NonZeroU32,
    /// Threads that work for it at a time, if these are fewer than its share.
    pub threads: Option<NonZeroUsize>,
}

impl Default for Terms {
    /// One task a turn, and the usual share.
    fn default() -> Terms {
        Terms { weight: NonZeroU32::MIN, threads: None }
    }
}

/// No room for another task: try again later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Busy {
    /// This tenant has too many tasks waiting.
    #[error("too many tasks of this tenant are waiting")]
    Tenant,
    /// All tenants together have.
    #[error("too many tasks are waiting")]
    All,
}

type Task = Box<dyn FnOnce() + Send>;

/// Threads that work for tenants by turns. Dropped, it finishes what it has begun and forgets what waits.
pub struct Crew {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl fmt::Debug for Crew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crew").field("limits", &self.shared.limits).finish_non_exhaustive()
    }
}

struct Shared {
    limits: CrewLimits,
    queues: Mutex<Queues>,
    changed: Condvar,
}

#[derive(Default)]
struct Queues {
    tenants: BTreeMap<Arc<str>, Tenant>,
    /// Tenants with tasks that wait, each once; the next in turn first.
    turns: VecDeque<Arc<str>>,
    waiting: usize,
    closed: bool,
}

#[derive(Default)]
struct Tenant {
    tasks: VecDeque<Task>,
    running: usize,
    /// Those of its last task.
    terms: Terms,
    /// Tasks it has had of its turn.
    had: u32,
}

impl Crew {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the system has no room for them.
    pub fn start(limits: CrewLimits) -> Result<Crew> {
        let shared = Arc::new(Shared { limits, queues: Mutex::default(), changed: Condvar::new() });
        let mut crew = Crew { shared: Arc::clone(&shared), threads: Vec::new() };
        for number in 0..limits.threads.get() {
            let shared = Arc::clone(&shared);
            let thread = std::thread::Builder::new().name(format!("lexgate-crew-{number}"));
            crew.threads.push(thread.spawn(move || shared.work())?);
        }
        Ok(crew)
    }

    /// Has a task done for a tenant, when it is its turn. The terms of its last task hold.
    ///
    /// # Errors
    /// [`Busy`]; the task is dropped.
    pub fn submit(
        &self,
        tenant: &str,
        terms: Terms,
        task: impl FnOnce() + Send + 'static,
    ) -> std::result::Result<(), Busy> {
        let Shared { limits, .. } = *self.shared;
        let mut queues = self.shared.lock();
        if queues.waiting >= limits.waiting {
            return Err(Busy::All);
        }
        let name = match queues.tenants.get_key_value(tenant) {
            Some((name, _)) => Arc::clone(name),
            None => Arc::from(tenant),
        };
        let queue = queues.tenants.entry(Arc::clone(&name)).or_default();
        if queue.tasks.len() >= limits.waiting_of_tenant {
            return Err(Busy::Tenant);
        }
        queue.terms = terms;
        queue.tasks.push_back(Box::new(task));
        if queue.tasks.len() == 1 {
            queues.turns.push_back(name);
        }
        queues.waiting += 1;
        drop(queues);
        self.shared.changed.notify_one();
        Ok(())
    }

    /// Returns how many tasks wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.shared.lock().waiting
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
        for thread in self.threads.drain(..) {
            // A task that panicked was caught; there is nothing else to learn.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        while let Some((tenant, task)) = self.next() {
            // One that panics takes no thread from the others.
            let _ = catch_unwind(AssertUnwindSafe(task));
            self.done(&tenant);
        }
    }

    /// Waits for a task of a tenant that has less than its share.
    fn next(&self) -> Option<(Arc<str>, Task)> {
        let mut queues = self.lock();
        loop {
            if queues.closed {
                return None;
            }
            if let Some(next) = queues.take(self.limits.share.get()) {
                return Some(next);
            }
            queues = self.changed.wait(queues).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn done(&self, tenant: &str) {
        let mut queues = self.lock();
        if let Some(queue) = queues.tenants.get_mut(tenant) {
            queue.running -= 1;
            if queue.running == 0 && queue.tasks.is_empty() {
                queues.tenants.remove(tenant);
            }
        }
        drop(queues);
        // Its tenant may have another that had to wait for this one.
        self.changed.notify_one();
    }
}

impl Queues {
    fn take(&mut self, share: usize) -> Option<(Arc<str>, Task)> {
        let has_room = |name: &Arc<str>| {
            let room =
                |queue: &Tenant| queue.running < queue.terms.threads.map_or(share, |n| share.min(n.get()));
            self.tenants.get(name).is_some_and(room)
        };
        let turn = self.turns.iter().position(has_room)?;
        let name = self.turns.remove(turn)?;
        let queue = self.tenants.get_mut(&name)?;
        let task = queue.tasks.pop_front()?;
        queue.running += 1;
        self.waiting -= 1;
        queue.had += 1;
        let more = queue.had < queue.terms.weight.get();
        if queue.tasks.is_empty() || !more {
            queue.had = 0;
        }
        if !queue.tasks.is_empty() {
            let next = Arc::clone(&name);
            if more { self.turns.push_front(next) } else { self.turns.push_back(next) }
        }
        Some((name, task))
    }
}

/// Says of this thread that it interrupts nobody when it is woken, where the system has such threads (`SCHED_BATCH` of Linux):
/// it has a processor that is free at once, and another when whoever has that waits or has had its slice.
///
/// For the threads of a reactor beside a crew. A decision usually takes less than a slice, and without this the reactor takes
/// the processor away for every one that is made and every request that comes. Threads and processes that this one starts are
/// scheduled as it is.
pub fn interrupt_nobody() {
    #[cfg(target_os = "linux")]
    {
        let terms = libc::sched_param { sched_priority: 0 };
        #[expect(
            unsafe_code,
            reason = "libraries set the niceness as well; the call only reads the parameter"
        )]
        // SAFETY: the parameter outlives the call, and 0 is the calling thread.
        let done = unsafe { libc::sched_setscheduler(0, libc::SCHED_BATCH, &raw const terms) };
        if done != 0 {
            tracing::debug!(error = %std::io::Error::last_os_error(), "a thread interrupts others");
        }
    }
}

/// Items that are worked on or wait to be handed on, for each thread; chosen by feel: enough that none idles when one item
/// takes longer than the others.
const AHEAD: usize = 16;

/// Has every item worked on by so many threads, and hands on what comes of them in the order of the items, as soon as it is
/// their turn. Few are taken before their turn, so that a stream of any length takes little memory. The items are taken from
/// `input` by a thread of their own: one that waits for a slow reader keeps nothing back. Ends at the first error of `each`.
///
/// # Errors
/// That of `each`.
pub fn in_order<T: Send, R: Send, E>(
    threads: NonZeroUsize,
    input: impl Iterator<Item = T> + Send,
    work: impl Fn(T) -> R + Sync,
    each: impl FnMut(R) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    let threads = threads.get();
    // A permit is taken with an item and given back when what came of it was handed on.
    let (permits, permit) = mpsc::sync_channel(threads * AHEAD);
    let (items, item) = mpsc::sync_channel::<(u64, T)>(threads);
    let (results, result) = mpsc::channel();
    let item = Mutex::new(item);
    std::thread::scope(|scope| {
        scope.spawn(move || read(input, &permits, &items));
        for _ in 0..threads {
            let (results, item, work) = (results.clone(), &item, &work);
            scope.spawn(move || {
                loop {
                    let next = item.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok((number, item)) = next else { return };
                    // Whoever hands on is told of a panic; else it would wait for this turn for ever.
                    let outcome = catch_unwind(AssertUnwindSafe(|| work(item)));
                    if results.send((number, outcome)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(results);
        hand_on(permit, result, each)
    })
}

/// Hands on results in their turn. When it returns, its ends of the channels are gone, and the other threads end by that.
#[expect(clippy::needless_pass_by_value, reason = "they must be gone when this returns")]
fn hand_on<R, E>(
    permit: Receiver<()>,
    results: Receiver<(u64, std::thread::Result<R>)>,
    mut each: impl FnMut(R) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    let (mut early, mut turn) = (BTreeMap::new(), 0);
    while let Ok((number, outcome)) = results.recv() {
        early.insert(number, outcome);
        while let Some(outcome) = early.remove(&turn) {
            // The reader may be gone already.
            let _ = permit.recv();
            each(outcome.unwrap_or_else(|panic| resume_unwind(panic)))?;
            turn += 1;
        }
    }
    Ok(())
}

fn read<T>(input: impl Iterator<Item = T>, permits: &SyncSender<()>, items: &SyncSender<(u64, T)>) {
    for (item, number) in input.zip(0u64..) {
        if permits.send(()).is_err() || items.send((number, item)).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    fn some(number: usize) -> NonZeroUsize {
        NonZeroUsize::new(number).unwrap()
    }

    /// A task that runs until it is told to end, and its begin and end.
    fn held() -> (impl FnOnce() + Send + 'static, Receiver<()>, mpsc::Sender<()>) {
        let ((begun, begin), (end, ended)) = (channel(), channel());
        let task = move || {
            begun.send(()).unwrap();
            let _ = ended.recv();
        };
        (task, begin, end)
    }

    /// A tenant that may have one thread of so many leaves the others to others, however much of it waits.
    fn others_go_on(threads: usize, terms: Terms) {
        let crew = Crew::start(CrewLimits::of(some(threads))).unwrap();
        let (slow, begun, end) = held();
        crew.submit("slow", terms, slow).unwrap();
        begun.recv().unwrap();
        let (next, next_begun, next_end) = held();
        crew.submit("slow", terms, next).unwrap();
        for _ in 0..100 {
            let (done, is_done) = channel();
            crew.submit("quick", Terms::default(), move || done.send(()).unwrap()).unwrap();
            is_done.recv().unwrap();
        }
        assert_eq!((crew.waiting(), next_begun.try_recv().is_ok()), (1, false));
        end.send(()).unwrap();
        next_begun.recv().unwrap();
        drop(next_end);
    }

    #[test]
    fn a_tenant_holds_no_more_than_its_share() {
        others_go_on(2, Terms::default());
    }

    #[test]
    fn a_tenant_may_have_less_than_its_share() {
        others_go_on(3, Terms { threads: Some(some(1)), ..Terms::default() });
    }

    #[test]
    fn tenants_take_turns() {
        let crew = Crew::start(CrewLimits::of(some(1))).unwrap();
        let (first, begun, end) = held();
        crew.submit("a", Terms::default(), first).unwrap();
        begun.recv().unwrap();
        let (told, tell) = channel();
        for tenant in ["a", "a", "a", "b", "b", "c"] {
            let told = told.clone();
            crew.submit(tenant, Terms::default(), move || told.send(tenant).unwrap()).unwrap();
        }
        drop(told);
        end.send(()).unwrap();
        assert_eq!(tell.iter().collect::<String>(), "abcaba");
    }

    #[test]
    fn a_turn_has_as_many_tasks_as_the_tenant_weighs() {
        let crew = Crew::start(CrewLimits::of(some(1))).unwrap();
        let (first, begun, end) = held();
        crew.submit("z", Terms::default(), first).unwrap();
        begun.recv().unwrap();
        let (told, tell) = channel();
        for tenant in ["a", "a", "a", "a", "a", "b", "b", "b", "c"] {
            let weight = NonZeroU32::new(if tenant == "a" { 2 } else { 1 }).unwrap();
            let told = told.clone();
            let terms = Terms { weight, threads: None };
            crew.submit(tenant, terms, move || told.send(tenant).unwrap()).unwrap();
        }
        drop(told);
        end.send(()).unwrap();
        assert_eq!(tell.iter().collect::<String>(), "aabcaabab");
    }

    #[test]
    fn too_many_tasks_are_refused() {
        let limits = CrewLimits { waiting_of_tenant: 2, waiting: 3, ..CrewLimits::of(some(1)) };
        let crew = Crew::start(limits).unwrap();
        let (first, begun, end) = held();
        crew.submit("a", Terms::default(), first).unwrap();
        begun.recv().unwrap();
        let submit = |tenant| crew.submit(tenant, Terms::default(), || {});
        assert_eq!((submit("a"), submit("a"), submit("a")), (Ok(()), Ok(()), Err(Busy::Tenant)));
        assert_eq!((submit("b"), submit("b")), (Ok(()), Err(Busy::All)));
        drop(end);
    }

    #[test]
    fn a_task_that_panics_takes_no_thread() {
        let crew = Crew::start(CrewLimits::of(some(1))).unwrap();
        crew.submit("a", Terms::default(), || panic!("on purpose")).unwrap();
        let (done, is_done) = channel();
        crew.submit("a", Terms::default(), move || done.send(()).unwrap()).unwrap();
        is_done.recv().unwrap();
    }

    #[test]
    #[cfg(target_os = "linux")]
    #[expect(clippy::disallowed_methods, reason = "tests use files")]
    fn a_thread_can_be_made_to_interrupt_nobody() {
        // The 41st field of a thread's state is its policy (proc_pid_stat(5)); those behind the name begin with the third.
        let policy = || {
            let state = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
            let fields: Vec<_> = state.rsplit_once(')').unwrap().1.split_whitespace().collect();
            fields[38].parse::<i32>().unwrap()
        };
        let of_another = std::thread::spawn(move || {
            let before = policy();
            interrupt_nobody();
            (before, policy())
        });
        let (before, after) = of_another.join().unwrap();
        assert_eq!((before, after), (policy(), libc::SCHED_BATCH));
    }

    #[test]
    fn a_crew_that_is_dropped_ends() {
        let crew = Crew::start(CrewLimits::of(some(2))).unwrap();
        let (done, is_done) = channel();
        crew.submit("a", Terms::default(), move || done.send(()).unwrap()).unwrap();
        is_done.recv().unwrap();
        drop(crew);
    }

    #[test]
    fn the_order_is_kept_whatever_takes_longer() {
        for threads in [1, 2, 5] {
            let mut seen = Vec::new();
            let work = |number: u64| {
                // Some take a thousand times as long.
                let rounds = if number.is_multiple_of(7) { 100_000 } else { 100 };
                (0..rounds).fold(number, |sum, round| std::hint::black_box(sum ^ round))
            };
            let expected: Vec<_> = (0..2_000).map(work).collect();
            in_order(some(threads), 0..2_000, work, |result| {
                seen.push(result);
                Ok::<(), ()>(())
            })
            .unwrap();
            assert_eq!(seen, expected);
        }
    }

    #[test]
    fn few_items_are_taken_before_their_turn() {
        let taken = std::sync::atomic::AtomicUsize::new(0);
        let input = (0..10_000).inspect(|_| {
            taken.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        });
        let (mut handed_on, mut most) = (0, 0);
        in_order(
            some(2),
            input,
            |number| number,
            |_| {
                handed_on += 1;
                most = most.max(taken.load(std::sync::atomic::Ordering::SeqCst) - handed_on);
                Ok::<(), ()>(())
            },
        )
        .unwrap();
        assert_eq!(handed_on, 10_000);
        assert!(most <= 2 * AHEAD + 2, "{most}");
    }

    #[test]
    fn a_panic_is_passed_on_and_nobody_waits() {
        let work = |number: u64| if number == 3 { panic!("on purpose") } else { number };
        let run = || in_order(some(2), 0u64.., work, |_| Ok::<(), ()>(()));
        assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
    }

    #[test]
    fn the_first_error_ends_it() {
        let mut seen = 0;
        let result = in_order(
            some(2),
            0u64..,
            |number| number,
            |number| {
                seen += 1;
                if number == 5 { Err("enough") } else { Ok(()) }
            },
        );
        assert_eq!((result, seen), (Err("enough"), 6));
    }
}
