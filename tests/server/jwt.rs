//! Tokens of an issuer: who shows one that is as it must be is who it says, everybody else is nobody.

use super::*;
use lexgate_model::Digest;
use lexgate_server::{BadJwks, Jwt, JwtTerms, Key, Role};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    RsaPublicKeyComponents,
};
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

/// The time it is for the server, and the issuer's claims speak of.
const NOW: i64 = 1_800_000_000;

/// Writes bytes in base64, for an address in a link or not.
pub(crate) fn base64(bytes: &[u8], link: bool) -> String {
    let letters =
        ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(if link { ['-', '_'] } else { ['+', '/'] });
    let letters: Vec<char> = letters.collect();
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits =
            three.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let letter = letters[(bits >> (18 - 6 * place) & 63) as usize];
            match place <= three.len() {
                true => text.push(letter),
                false if link => {}
                false => text.push('='),
            }
        }
    }
    text
}

fn url(bytes: &[u8]) -> String {
    base64(bytes, true)
}

/// The keys of an issuer.
struct Issuer {
    rsa: RsaKeyPair,
    ec: EcdsaKeyPair,
    ed: Ed25519KeyPair,
}

impl Issuer {
    fn new() -> Issuer {
        let random = SystemRandom::new();
        let rsa = PrivatePkcs8KeyDer::from_pem_slice(&file("tests/server/rsa.pem")).unwrap();
        let ec = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(ec, &random).unwrap();
        let ed = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        Issuer {
            rsa: RsaKeyPair::from_pkcs8(rsa.secret_pkcs8_der()).unwrap(),
            ec: EcdsaKeyPair::from_pkcs8(ec, pkcs8.as_ref(), &random).unwrap(),
            ed: Ed25519KeyPair::from_pkcs8(ed.as_ref()).unwrap(),
        }
    }

    /// Its published keys, among others that are for nothing here.
    fn jwks(&self) -> Value {
        let point = self.ec.public_key().as_ref();
        let rsa: RsaPublicKeyComponents<Vec<u8>> = self.rsa.public().into();
        json!({ "keys": [
            { "kty": "RSA", "kid": "rsa", "use": "sig", "alg": "RS256",
              "n": url(&rsa.n),
              "e": url(&rsa.e) },
            { "kty": "EC", "kid": "ec", "crv": "P-256", "x": url(&point[1..33]), "y": url(&point[33..]) },
            { "kty": "OKP", "kid": "ed", "crv": "Ed25519", "x": url(self.ed.public_key().as_ref()) },
            { "kty": "oct", "kid": "shared", "k": url(b"secret that is shared with others") },
            { "kty": "EC", "kid": "encrypts", "use": "enc", "crv": "P-256", "x": url(&point[1..33]), "y": url(&point[33..]) },
            { "kty": "OKP", "crv": "Ed25519", "x": url(self.ed.public_key().as_ref()) },
        ] })
    }

    /// Signs a header and claims with the key that an algorithm is for.
    fn sign(&self, algorithm: &str, header: &Value, claims: &Value) -> String {
        let message =
            format!("{}.{}", url(header.to_string().as_bytes()), url(claims.to_string().as_bytes()));
        let (bytes, random) = (message.as_bytes(), SystemRandom::new());
        let signature = match algorithm {
            "RS256" => {
                let mut signature = vec![0; self.rsa.public().modulus_len()];
                self.rsa.sign(&RSA_PKCS1_SHA256, &random, bytes, &mut signature).unwrap();
                signature
            }
            "ES256" => self.ec.sign(&random, bytes).unwrap().as_ref().to_vec(),
            "EdDSA" => self.ed.sign(bytes).as_ref().to_vec(),
            "HS256" => {
                // What one gets who takes a public key for a shared secret.
                let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, self.ed.public_key().as_ref());
                ring::hmac::sign(&key, bytes).as_ref().to_vec()
            }
            _ => Vec::new(),
        };
        format!("{message}.{}", url(&signature))
    }

    /// A token that is as it must be, but for these claims.
    fn token(&self, algorithm: &str, id: &str, change: &Value) -> String {
        let mut claims = claims();
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims.as_object_mut().unwrap().retain(|_, value| *value != json!("gone"));
        self.sign(algorithm, &json!({ "alg": algorithm, "typ": "JWT", "kid": id }), &claims)
    }
}

fn claims() -> Value {
    json!({
        "iss": "https://issuer.example", "aud": ["lexgate", "other"], "sub": "acme's gateway",
        "exp": NOW + 60, "nbf": NOW - 60, "lexgate_role": "evaluator", "lexgate_tenant": "demo",
    })
}

fn terms() -> JwtTerms {
    JwtTerms {
        issuer: "https://issuer.example".to_owned(),
        audience: "lexgate".to_owned(),
        role_claim: "lexgate_role".to_owned(),
        tenant_claim: "lexgate_tenant".to_owned(),
    }
}

fn host(issuer: &Issuer) -> Host {
    let jwt = Jwt::of(issuer.jwks().to_string().as_bytes(), terms()).unwrap();
    let host = Host::start();
    host.put("demo", &finding("permit"));
    let folder = Arc::clone(&host.folder);
    drop(host);
    Host::with(folder, |config| {
        let digest = Digest::of(b"secret-key");
        let key = Key { name: "key".to_owned(), digest, role: Role::Operator, tenant: None };
        config.authentication = Authentication::KeysAndJwt(vec![key], Box::new(jwt));
        config.clock = Arc::new(|| jiff::Timestamp::from_second(NOW).unwrap());
    })
}

fn ask(host: &Host, method: &str, path: &str, token: &str) -> Answer {
    let authorization = format!("Bearer {token}");
    host.send(method, path, &[("authorization", &authorization), ("content-type", "application/json")], b"")
}

#[test]
fn a_token_is_good_for_the_role_and_the_tenant_it_names() {
    let issuer = Issuer::new();
    let host = host(&issuer);
    for (algorithm, id) in [("RS256", "rsa"), ("ES256", "ec"), ("EdDSA", "ed")] {
        let token = issuer.token(algorithm, id, &json!({}));
        // Nothing is sent, so it comes as far as the body.
        assert_eq!(ask(&host, "POST", "/v1/tenants/demo/decisions", &token).status, 400, "{algorithm}");
        assert_eq!(ask(&host, "GET", "/v1/tenants/demo/set", &token).status, 403);
        assert_eq!(ask(&host, "POST", "/v1/tenants/other/decisions", &token).status, 403);
        assert_eq!(ask(&host, "GET", "/v1/tenants", &token).status, 403);
    }
    let auditor = issuer.token("EdDSA", "ed", &json!({ "lexgate_role": "auditor", "aud": "lexgate" }));
    assert_eq!(ask(&host, "GET", "/v1/tenants/demo/set", &auditor).status, 200);
    let operator = json!({ "lexgate_role": "operator", "lexgate_tenant": "gone" });
    assert_eq!(ask(&host, "GET", "/v1/tenants", &issuer.token("EdDSA", "ed", &operator)).status, 200);
    // Keys go on being good beside it.
    assert_eq!(ask(&host, "GET", "/v1/tenants", "secret-key").status, 200);
    // Clocks may differ by half a minute.
    for nearly in [json!({ "exp": NOW - 29 }), json!({ "nbf": NOW + 30 }), json!({ "nbf": "gone" })] {
        let token = issuer.token("EdDSA", "ed", &nearly);
        assert_eq!(ask(&host, "POST", "/v1/tenants/demo/decisions", &token).status, 400, "{nearly}");
    }
}

#[test]
fn a_token_that_is_not_as_it_must_be_is_refused_by_every_operation() {
    let (issuer, forger) = (Issuer::new(), Issuer::new());
    let host = host(&issuer);
    let good = issuer.token("EdDSA", "ed", &json!({}));
    let (message, signature) = good.rsplit_once('.').unwrap();
    let header = |header: Value| issuer.sign("EdDSA", &header, &claims());
    let with = |change: Value| issuer.token("EdDSA", "ed", &change);
    let operator = url(claims().to_string().replace("evaluator", "auditor").as_bytes());
    let swapped = format!("{}.{operator}.{signature}", message.split_once('.').unwrap().0);
    let none = issuer.sign("none", &json!({ "alg": "none", "kid": "ed" }), &claims());
    let cases = [
        ("expired", with(json!({ "exp": NOW - 30 })), "expired"),
        ("endless", with(json!({ "exp": "gone" })), "no `exp`"),
        ("endless in words", with(json!({ "exp": "never" })), "no `exp`"),
        ("not yet", with(json!({ "nbf": NOW + 31 })), "not valid yet"),
        ("not yet in words", with(json!({ "nbf": "now" })), "`nbf`"),
        ("of another issuer", with(json!({ "iss": "https://evil.example" })), "not of the issuer"),
        ("of no issuer", with(json!({ "iss": "gone" })), "not of the issuer"),
        ("for others", with(json!({ "aud": ["other"] })), "another audience"),
        ("for nobody", with(json!({ "aud": "gone" })), "another audience"),
        ("without a role", with(json!({ "lexgate_role": "gone" })), "no role"),
        ("with a role that is none", with(json!({ "lexgate_role": "root" })), "no role"),
        ("without a tenant", with(json!({ "lexgate_tenant": "gone" })), "no tenant"),
        ("with a tenant that is none", with(json!({ "lexgate_tenant": "../demo" })), "no name of one"),
        ("of an operator with a tenant", with(json!({ "lexgate_role": "operator" })), "has no tenant"),
        ("forged", forger.token("ES256", "ec", &json!({})), "signature"),
        ("changed", swapped, "signature"),
        ("without a signature", format!("{message}."), "signature"),
        ("unsigned", none, "another way"),
        ("signed with a public key", issuer.token("HS256", "ed", &json!({})), "another way"),
        ("signed with another key's algorithm", issuer.token("ES256", "ed", &json!({})), "another way"),
        ("by a secret that is shared", issuer.token("HS256", "shared", &json!({})), "not known"),
        ("by a key that encrypts", issuer.token("ES256", "encrypts", &json!({})), "not known"),
        ("without a kid", header(json!({ "alg": "EdDSA" })), "no `kid`"),
        ("with an unknown kid", header(json!({ "alg": "EdDSA", "kid": "x" })), "not known"),
        ("critical", header(json!({ "alg": "EdDSA", "kid": "ed", "crit": ["b64"] })), "critical"),
        ("too long", with(json!({ "pad": "x".repeat(8 << 10) })), "too long"),
        ("no token", "a.b.c".to_owned(), "neither"),
        ("half a token", message.to_owned(), "neither"),
    ];
    for (name, token, why) in &cases {
        let answer = ask(&host, "POST", "/v1/tenants/demo/decisions", token);
        assert_eq!(answer.status, 401, "{name}: {answer:?}");
        assert!(answer.text.contains(why), "{name}: {answer:?}");
        assert!(!answer.text.contains(token.as_str()), "{name}");
    }
    let document = host.get("/openapi.json").is(200);
    for (method, path, _) in
        openapi::operations(&document).iter().filter(|(.., o)| o["x-lexgate-right"] != "none")
    {
        let path = path.replace("{tenant}", "demo");
        for (name, token, _) in &cases {
            assert_eq!(ask(&host, method, &path, token).status, 401, "{name}: {method} {path}");
        }
    }
}

#[test]
fn keys_that_cannot_be_used_are_found_at_the_start() {
    let of = |keys: &Value| Jwt::of(keys.to_string().as_bytes(), terms()).unwrap_err();
    assert!(matches!(of(&json!([])), BadJwks::Unreadable(_)));
    assert!(matches!(of(&json!({ "keys": [] })), BadJwks::Empty));
    let ed = json!({ "kty": "OKP", "kid": "ed", "crv": "Ed25519", "x": url(&[7; 32]) });
    assert!(matches!(of(&json!({ "keys": [ed, ed] })), BadJwks::Twice(id) if id == "ed"));
    let broken = json!({ "kty": "OKP", "kid": "ed", "crv": "Ed25519", "x": "!" });
    assert!(matches!(of(&json!({ "keys": [broken] })), BadJwks::Key(..)));
}
