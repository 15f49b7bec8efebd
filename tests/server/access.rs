//! Who may do what: every route with every role, and with nobody.

use super::*;
use lexgate_model::Digest;
use lexgate_server::{Key, Role};

/// What each role may, by the names that the document has for rights.
const MAY: [(Role, &[&str]); 4] = [
    (
        Role::Operator,
        &["decide", "read-decisions", "read-sets", "change-sets", "read-packages", "put-packages", "operate"],
    ),
    (Role::TenantAdministrator, &["decide", "read-decisions", "read-sets", "change-sets", "read-packages"]),
    (Role::Evaluator, &["decide"]),
    (Role::Auditor, &["read-decisions", "read-sets", "read-packages"]),
];

/// An operation of the document that needs a right.
struct Route {
    method: String,
    path: String,
    kind: Option<String>,
    right: String,
}

/// Every operation, as it is asked for the tenant `demo`.
fn all(host: &Host) -> Vec<Route> {
    let document = host.get("/openapi.json").is(200);
    let filled = |path: &str| {
        let digest = format!("sha256:{}", "0".repeat(64));
        let path = path.replace("{tenant}", "demo").replace("{digest}", &digest);
        let path = path.replace("{id}", "x").replace("{revision}", "x").replace("{name}", "x");
        assert!(!path.contains('{'), "say here what stands for the name in {path}");
        path
    };
    let routes = openapi::operations(&document).into_iter().map(|(method, path, operation)| {
        let right = operation["x-lexgate-right"].as_str().unwrap().to_owned();
        assert_eq!(right == "none", operation["security"] == json!([]), "{method} {path}");
        let kind = operation["requestBody"]["content"].as_object().map(|kinds| kinds.keys().next().unwrap());
        Route { method, path: filled(path), kind: kind.cloned(), right }
    });
    routes.collect()
}

/// Those that need a right.
fn routes(host: &Host) -> Vec<Route> {
    let all = all(host).into_iter().filter(|route| route.right != "none").collect::<Vec<_>>();
    assert!(all.len() > 15, "{}", all.len());
    all
}

fn key(name: &str, role: Role, tenant: Option<&str>) -> Key {
    let digest = Digest::of(format!("secret-{name}").as_bytes());
    Key { name: name.to_owned(), digest, role, tenant: tenant.map(|tenant| tenant.parse().unwrap()) }
}

fn host() -> Host {
    let host = Host::start();
    host.put("demo", &finding("permit"));
    host.put("other", &finding("permit"));
    let folder = Arc::clone(&host.folder);
    drop(host);
    Host::with(folder, |config| {
        let mut keys = vec![key("Operator", Role::Operator, None), key("everywhere", Role::Evaluator, None)];
        for role in [Role::TenantAdministrator, Role::Evaluator, Role::Auditor] {
            keys.push(key(&format!("{role:?}"), role, Some("demo")));
            keys.push(key(&format!("other-{role:?}"), role, Some("other")));
        }
        config.authentication = Authentication::Keys(keys);
    })
}

fn ask(host: &Host, route: &Route, authorization: &str) -> Answer {
    let mut headers = vec![("authorization", authorization)];
    headers.extend(route.kind.as_deref().map(|kind| ("content-type", kind)));
    headers.retain(|(_, value)| !value.is_empty());
    host.send(&route.method, &route.path, &headers, b"")
}

#[test]
fn every_operation_is_open_to_the_roles_that_have_its_right_and_to_no_other() {
    let host = host();
    for route in routes(&host) {
        let Route { method, path, right, .. } = &route;
        for (role, may) in MAY {
            let answer = ask(&host, &route, &format!("Bearer secret-{role:?}"));
            let refused = [401, 403].contains(&answer.status);
            assert_eq!(refused, !may.contains(&right.as_str()), "{role:?} {method} {path}: {answer:?}");
            assert_ne!(answer.status, 401, "{role:?} {method} {path}");
        }
        let known = MAY.iter().any(|(_, may)| may.contains(&right.as_str()));
        assert!(known, "`{right}` is no right");
    }
}

#[test]
fn operations_without_a_right_are_open_to_everybody() {
    let host = host();
    let open: Vec<_> = all(&host).into_iter().filter(|route| route.right == "none").collect();
    let paths: Vec<_> = open.iter().map(|route| route.path.as_str()).collect();
    // One more is a decision, which is made here.
    let expected = [
        "/.well-known/authzen-configuration",
        "/.well-known/authzen-configuration/v1/tenants/demo",
        "/docs",
        "/docs/style.css",
        "/healthz",
        "/openapi.json",
        "/readyz",
    ];
    assert_eq!(paths, expected);
    for route in open {
        for authorization in ["", "Bearer secret"] {
            assert_eq!(ask(&host, &route, authorization).status, 200, "{}", route.path);
        }
    }
}

#[test]
fn nobody_reaches_another_tenant() {
    let host = host();
    for role in [Role::TenantAdministrator, Role::Evaluator, Role::Auditor] {
        for route in routes(&host).iter().filter(|route| route.path != "/v1/packages") {
            let answer = ask(&host, route, &format!("Bearer secret-other-{role:?}"));
            assert_eq!(answer.status, 403, "{role:?} {} {}: {answer:?}", route.method, route.path);
        }
    }
    // A tenant that is not there looks like one that is.
    let asked = |method: &str, path: &str, authorization| {
        let headers = [("content-type", "application/json"), ("authorization", authorization)];
        host.send(method, path, &headers, b"").status
    };
    assert_eq!(asked("GET", "/v1/tenants/nobody/decisions", "Bearer secret-Auditor"), 403);
    assert_eq!(asked("POST", "/v1/tenants/other/decisions", "Bearer secret-everywhere"), 400);
}

#[test]
fn without_a_key_that_is_known_there_is_nothing() {
    let host = host();
    for route in routes(&host) {
        for bad in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer secret",
            "Basic secret-Operator",
            "secret-Operator",
            "Bearer secret-Operator x",
        ] {
            let answer = ask(&host, &route, bad);
            assert_eq!(answer.status, 401, "{bad:?} {} {}: {answer:?}", route.method, route.path);
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            assert!(!answer.text.contains("secret"), "{}", answer.text);
        }
    }
    let twice = [("authorization", "Bearer secret-Operator"), ("authorization", "Bearer secret-Auditor")];
    assert_eq!(host.send("GET", "/v1/tenants", &twice, b"").status, 401);
}

#[test]
fn other_methods_are_405_and_other_paths_404() {
    let host = host();
    let all = all(&host);
    for route in &all {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            if all.iter().any(|other| other.path == route.path && other.method == method) {
                continue;
            }
            // With or without a key: that a method is not there is no secret, the document says it.
            let answer = host.send(method, &route.path, &[], b"");
            assert_eq!(answer.status, 405, "{method} {}: {answer:?}", route.path);
            assert!(answer.header("allow").unwrap().contains(&route.method), "{answer:?}");
        }
        for other in [format!("{}/", route.path), format!("{}x/y/z", route.path)] {
            let answer = host.send(&route.method, &other, &[], b"");
            assert_eq!(answer.status, 404, "{} {other}: {answer:?}", route.method);
        }
    }
}

#[test]
fn a_name_in_a_path_that_is_no_text_is_told_as_a_problem() {
    let host = Host::start();
    for path in ["/v1/tenants/%ff/decisions", "/.well-known/authzen-configuration/v1/tenants/%ff"] {
        host.get(path).is(400);
    }
}

#[test]
fn without_authentication_only_names_of_this_machine_are_answered() {
    let host = Host::start();
    let check = |name: &str, expected: &str| {
        let bytes = format!("GET /v1/tenants HTTP/1.1\r\nhost: {name}\r\nconnection: close\r\n\r\n");
        let answer = host.raw(bytes.as_bytes());
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected}")), "{name}: {answer}");
    };
    for own in ["localhost", "127.0.0.1:8181", "[::1]:8181"] {
        check(own, "200");
    }
    for foreign in ["evil.example", "localhost.evil.example", "", "127.0.0.1.evil.example:8181", "[::2]"] {
        check(foreign, "403");
    }
}

#[test]
fn without_authentication_nobody_from_elsewhere_is_the_operator() {
    let host = Host::start();
    for (header, value, status) in [
        ("origin", "http://localhost:3000", 200),
        ("origin", "https://elsewhere.example", 403),
        ("origin", "null", 403),
        ("x-forwarded-for", "192.0.2.1", 403),
        ("forwarded", "for=192.0.2.1", 403),
        ("via", "1.1 proxy", 403),
    ] {
        let answer = host.send("GET", "/v1/tenants", &[(header, value)], &[]);
        assert_eq!(answer.status, status, "{header}: {value}: {answer:?}");
    }
}
