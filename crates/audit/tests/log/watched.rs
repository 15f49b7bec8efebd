//! A folder that tells when something is done to it.

use crate::faulty::Faulty;
use lexgate_audit::{File, Folder};
use std::sync::{Arc, Mutex};

type Hook = Box<dyn FnOnce() + Send>;

/// A folder that calls something before a file is opened, made or put in place: once, then it is forgotten.
#[derive(Clone)]
pub(crate) struct Watched {
    folder: Faulty,
    hook: Arc<Mutex<Option<(&'static str, Hook)>>>,
}

impl Watched {
    pub(crate) fn over(folder: &Faulty) -> Watched {
        Watched { folder: folder.clone(), hook: Arc::default() }
    }

    pub(crate) fn before(&self, call: &'static str, hook: impl FnOnce() + Send + 'static) {
        *self.hook.lock().unwrap() = Some((call, Box::new(hook)));
    }

    fn call(&self, call: &str) {
        let hook = self.hook.lock().unwrap().take_if(|(wanted, _)| *wanted == call);
        if let Some((_, hook)) = hook {
            hook();
        }
    }
}

impl Folder for Watched {
    fn names(&self) -> std::io::Result<Vec<String>> {
        self.folder.names()
    }

    fn read(&self, name: &str) -> std::io::Result<Box<dyn File>> {
        self.call(&format!("read {name}"));
        self.folder.read(name)
    }

    fn write(&self, name: &str) -> std::io::Result<Box<dyn File>> {
        self.folder.write(name)
    }

    fn create(&self, name: &str) -> std::io::Result<Box<dyn File>> {
        self.call(&format!("create {name}"));
        self.folder.create(name)
    }

    fn rename(&self, from: &str, to: &str) -> std::io::Result<()> {
        self.call(&format!("replace {to}"));
        self.folder.rename(from, to)
    }

    fn remove(&self, name: &str) -> std::io::Result<()> {
        self.folder.remove(name)
    }

    fn sync(&self) -> std::io::Result<()> {
        self.folder.sync()
    }

    fn lock(&self) -> std::io::Result<Box<dyn Send + Sync>> {
        self.folder.lock()
    }
}
