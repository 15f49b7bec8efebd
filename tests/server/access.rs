//! Who may do what: every route with every role, and with nobody.

use super::*;
use lexgate_model::Digest;
use lexgate_server::{Key, Role};

/// Every route: method, path, content type, and the status it has for somebody who may, and sends nothing of use.
const ROUTES: [(&str, &str, &str, u16); 22] = [
    ("POST", "/v1/tenants/demo/decisions", "application/json", 400),
    ("GET", "/v1/tenants/demo/decisions", "", 200),
    ("GET", "/v1/tenants/demo/decisions/x", "", 404),
    ("POST", "/v1/tenants/demo/decisions/batch", "application/x-ndjson", 200),
    ("POST", "/v1/tenants/demo/what-if", "application/json", 400),
    ("GET", "/v1/tenants/demo/set", "", 200),
    ("PUT", "/v1/tenants/demo/set", "application/json", 400),
    ("POST", "/v1/tenants/demo/set/rollback", "application/json", 400),
    ("GET", "/v1/tenants/demo/set/revisions", "", 200),
    ("GET", "/v1/tenants/demo/set/revisions/x", "", 404),
    ("POST", "/v1/tenants/demo/access/v1/evaluation", "application/json", 400),
    ("POST", "/v1/tenants/demo/access/v1/evaluations", "application/json", 400),
    ("POST", "/access/v1/evaluation", "application/json", 400),
    ("GET", "/v1/packages", "", 200),
    ("POST", "/v1/packages", "application/wasm", 422),
    ("POST", "/v1/datasets", "text/csv", 201),
    ("GET", "/v1/tenants", "", 200),
    ("GET", "/metrics", "", 200),
    ("GET", "/v1/tenants/demo/holds", "", 200),
    ("PUT", "/v1/tenants/demo/holds/x", "application/json", 400),
    ("POST", "/v1/tenants/demo/holds/x/lift", "application/json", 400),
    ("POST", "/v1/sweep", "", 200),
];

/// What a role of the tenant may, in the order of the routes.
const MAY: [(Role, &str); 4] = [
    (Role::Operator, "1111111111111111111111"),
    (Role::TenantAdministrator, "1111111111111100001000"),
    (Role::Evaluator, "1001100000111000000000"),
    (Role::Auditor, "0110010011000100001000"),
];

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

fn ask(host: &Host, (method, path, kind, _): (&str, &str, &str, u16), authorization: &str) -> Answer {
    let mut headers = vec![("content-type", kind), ("authorization", authorization)];
    headers.retain(|(_, value)| !value.is_empty());
    host.send(method, path, &headers, b"")
}

#[test]
fn every_route_is_open_to_the_roles_that_need_it_and_to_no_other() {
    let host = host();
    for (role, may) in MAY {
        for (route, may) in ROUTES.into_iter().zip(may.chars()) {
            let answer = ask(&host, route, &format!("Bearer secret-{role:?}"));
            let expected = if may == '1' { route.3 } else { 403 };
            assert_eq!(answer.status, expected, "{role:?} {route:?}: {answer:?}");
        }
    }
}

#[test]
fn nobody_reaches_another_tenant() {
    let host = host();
    for role in [Role::TenantAdministrator, Role::Evaluator, Role::Auditor] {
        for route in ROUTES.into_iter().filter(|(_, path, ..)| *path != "/v1/packages") {
            let answer = ask(&host, route, &format!("Bearer secret-other-{role:?}"));
            assert_eq!(answer.status, 403, "{role:?} {route:?}: {answer:?}");
        }
    }
    // A tenant that is not there looks like one that is.
    let nobody = ("GET", "/v1/tenants/nobody/decisions", "", 0);
    assert_eq!(ask(&host, nobody, "Bearer secret-Auditor").status, 403);
    let anywhere = ("POST", "/v1/tenants/other/decisions", "application/json", 0);
    assert_eq!(ask(&host, anywhere, "Bearer secret-everywhere").status, 400);
}

#[test]
fn without_a_key_that_is_known_there_is_nothing() {
    let host = host();
    for route in ROUTES {
        for bad in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer secret",
            "Basic secret-Operator",
            "secret-Operator",
            "Bearer secret-Operator x",
        ] {
            let answer = ask(&host, route, bad);
            assert_eq!(answer.status, 401, "{bad:?} {route:?}: {answer:?}");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            assert!(!answer.text.contains("secret"), "{}", answer.text);
        }
    }
    let twice = [("authorization", "Bearer secret-Operator"), ("authorization", "Bearer secret-Auditor")];
    assert_eq!(host.send("GET", "/v1/tenants", &twice, b"").status, 401);
    assert_eq!(host.get("/healthz").status, 200);
    assert_eq!(host.get("/.well-known/authzen-configuration").status, 200);
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
