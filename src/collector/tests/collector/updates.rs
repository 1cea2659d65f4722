//! Images for tills: published, offered to some tills, downloaded by the real uplink in pieces.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use hyper::Method;
use sealpoint_wire::release::ImageVersion;
use sealpoint_wire::updates::{MAX_PIECE, UpdateAnswer, UpdateRequest, UpdateStanding};
use sealpoint_wire::{LinkState, WIRE_VERSION};
use sha2::{Digest, Sha256};

use crate::client::{Body, Client};
use crate::process::{PATIENCE, Shop, run};
use crate::till::Till;

const UUID: &str = "11111111-2222-3333-4444-555555555555";
const OTHER: &str = "T0000002";
const TILL: &str = "T0000001";

/// Name and content of each file: the root is more than two pieces.
fn parts(version: &str) -> [(String, Vec<u8>); 4] {
    let file = |kind: &str| format!("sealpoint_{version}.{kind}_{UUID}.raw");
    [
        (format!("sealpoint_{version}.efi"), b"kernel".to_vec()),
        (
            file("root"),
            format!("root {version} ").repeat(260_000).into_bytes(),
        ),
        (file("verity"), b"tree".to_vec()),
        (file("sig"), b"signature".to_vec()),
    ]
}

/// A release in a folder. The collector carries it and looks at no signature.
fn release(shop: &Shop, folder: &str, version: &str) -> String {
    let folder = shop.path(folder);
    fs::create_dir_all(&folder).expect("a folder");
    let mut text = format!(
        "release\nversion {version}\nfrom 1.0.0\nrollback_index 1\njournal_reads 1 2\n\
         journal_writes 2\nbuilt 2026-11-23T09:00:00Z\n"
    );
    for (name, content) in parts(version) {
        let digest: String = Sha256::digest(&content)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        text.push_str(&format!("file {name} {} {digest}\n", content.len()));
        fs::write(folder.join(name), content).expect("a file");
    }
    text.push_str("-- release signed by root-1\nAAAA\n");
    fs::write(folder.join("release.txt"), &text).expect("a file");
    text
}

/// `collector update` with these arguments: whether it went, and what it said.
fn update(shop: &Shop, arguments: &[&str]) -> (bool, String) {
    let updates = ["--updates", &shop.text("updates")];
    let ran = run(&[&["update"][..], arguments, &updates].concat());
    let said = [ran.stdout, ran.stderr].concat();
    (ran.status.success(), String::from_utf8(said).expect("text"))
}

/// The folder of updates of a till whose image is 1.0.0.
fn image(shop: &Shop, told: &str) -> PathBuf {
    let folder = shop.path("image");
    fs::create_dir_all(folder.join("incoming")).expect("a folder");
    let state = format!(
        "{{\"running\":\"1.0.0\",\"installed\":null,\"failed\":[\"0.9.1\"],\"told\":\"{told}\"}}"
    );
    fs::write(folder.join("state.json"), state).expect("a file");
    folder
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + 3 * PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "{what}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

fn asks(running: &str) -> UpdateRequest {
    UpdateRequest {
        version: WIRE_VERSION,
        standing: UpdateStanding {
            running: Some(running.parse().expect("a version")),
            ..UpdateStanding::default()
        },
    }
}

#[tokio::test]
async fn an_image_reaches_the_tills_that_it_is_for_and_no_other() {
    let shop = Shop::new();
    let (folder, other) = (shop.enrol(TILL), shop.enrol(OTHER));
    let text = release(&shop, "release", "1.1.0");
    let (went, said) = update(&shop, &["publish", &shop.text("release"), "--to", TILL]);
    assert!(went, "{said}");
    let collector = shop.start_with(&["--updates", &shop.text("updates")]);

    let updates = image(&shop, "1.0.0 runs.");
    let address = collector.address.to_string();
    let mut till = Till::with_updates(&address, &folder, updates.clone());
    till.until_link(|state| *state == LinkState::Up).await;
    let at = |name: &str| updates.join("incoming").join(name);
    until("it was never whole", || at("ready").exists()).await;
    assert_eq!(fs::read_to_string(at("release.txt")).expect("there"), text);
    for (name, content) in parts("1.1.0") {
        assert!(fs::read(at(&name)).expect("there") == content, "{name}");
    }
    till.leave().await;

    let client = Client::of_till(collector.address, &other);
    let _standing = client.get("/v1/standing").await;
    let answer: UpdateAnswer = client.post("/v1/updates", &asks("1.0.0")).await.json();
    assert_eq!(answer.release, None);
    let path = format!("/v1/updates/files/{}", parts("1.1.0")[0].0);
    let refused = client.ranged(&path, "bytes=0-").await;
    assert_eq!(refused.error(), (404, "no_such_file".to_owned()));

    let listed = run(&["tills", "--store", &shop.store(), "--json"]);
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).expect("JSON");
    let of = |terminal: &str| {
        let tills = listed["tills"].as_array().expect("a list");
        let till = tills.iter().find(|till| till["terminal"] == terminal);
        till.expect("it is listed")["image"].clone()
    };
    let told = of(TILL);
    assert_eq!(
        (told["running"].as_str(), &told["failed"][0]),
        (Some("1.0.0"), &"0.9.1".into())
    );
    assert_eq!(told["told"], "1.0.0 runs.");
    assert_eq!(of(OTHER)["running"], "1.0.0");
}

#[tokio::test]
async fn a_download_goes_on_where_it_broke_off_and_is_compared_as_a_whole() {
    let shop = Shop::new();
    let folder = shop.enrol(TILL);
    let text = release(&shop, "release", "1.1.0");
    let (went, said) = update(&shop, &["publish", &shop.text("release")]);
    assert!(went, "{said}");
    let collector = shop.start_with(&["--updates", &shop.text("updates")]);
    let updates = image(&shop, "");
    let incoming = updates.join("incoming");
    let (root, content) = &parts("1.1.0")[1];
    // What is here already is another root's: only who goes on from there ends with a wrong one.
    fs::write(incoming.join("release.txt"), &text).expect("a file");
    fs::write(incoming.join(root), vec![b'x'; 1_500_000]).expect("a file");
    let is = |file: &str, len: u64| {
        fs::metadata(incoming.join(file)).is_ok_and(|found| found.len() == len)
    };
    let address = collector.address.to_string();
    let till = Till::with_updates(&address, &folder, updates.clone());
    until("it did not go on", || !is(root, 1_500_000)).await;
    until("it was not compared", || !incoming.join(root).exists()).await;
    assert!(!incoming.join("ready").exists());
    till.leave().await;

    // The right half is gone on with too.
    fs::write(incoming.join(root), &content[..1_500_000]).expect("a file");
    let till = Till::with_updates(&address, &folder, updates.clone());
    until("it was never whole", || incoming.join("ready").exists()).await;
    assert!(fs::read(incoming.join(root)).expect("there") == *content);
    till.leave().await;

    // Nothing is left of it once it is not offered any more.
    let (went, said) = update(&shop, &["withdraw", "1.1.0"]);
    assert!(went, "{said}");
    let till = Till::with_updates(&address, &folder, updates.clone());
    let is_empty =
        |folder: &Path| fs::read_dir(folder).is_ok_and(|mut files| files.next().is_none());
    until("something is left", || is_empty(&incoming)).await;
    till.leave().await;
}

#[tokio::test]
async fn a_till_is_offered_only_what_is_news_to_it() {
    let shop = Shop::new();
    let folder = shop.enrol(TILL);
    for version in ["1.1.0", "1.2.0"] {
        release(&shop, version, version);
        let (went, said) = update(&shop, &["publish", &shop.text(version)]);
        assert!(went, "{said}");
    }
    let collector = shop.start_with(&["--updates", &shop.text("updates")]);
    let client = Client::of_till(collector.address, &folder);
    let version = |text: &str| text.parse::<ImageVersion>().expect("a version");
    let mut asked = asks("1.0.0");
    let offered = async |asked: &UpdateRequest| {
        let answer: UpdateAnswer = client.post("/v1/updates", asked).await.json();
        let text = answer.release?;
        let line = text.lines().find_map(|line| line.strip_prefix("version "));
        line.map(str::to_owned)
    };
    assert_eq!(
        offered(&asked).await.as_deref(),
        Some("1.2.0"),
        "the newest"
    );
    asked.standing.failed = vec![version("1.2.0")];
    assert_eq!(offered(&asked).await.as_deref(), Some("1.1.0"));
    asked.standing.running = Some(version("1.2.0"));
    assert_eq!(offered(&asked).await, None);
    asked.standing.running = None;
    assert_eq!(offered(&asked).await, None, "it is no image");

    let root = &parts("1.1.0")[1];
    let path = format!("/v1/updates/files/{}", root.0);
    let whole = client.ranged(&path, "bytes=7-9").await;
    assert_eq!(
        (whole.code.as_u16(), whole.text.as_bytes()),
        (206, &root.1[7..10])
    );
    let range = format!("bytes 7-9/{}", root.1.len());
    assert_eq!(whole.header("content-range"), Some(range.as_str()));
    let most = client.ranged(&path, "bytes=0-").await;
    assert_eq!(most.text.len() as u64, MAX_PIECE, "a piece has a bound");
    for (asked, code) in [
        ("bytes=99999999-", 400),
        ("bytes=-5", 400),
        ("bytes=9-7", 400),
    ] {
        assert_eq!(client.ranged(&path, asked).await.error().0, code, "{asked}");
    }
    for name in ["offers.json", "..%2Foffers.json", "release.txt", "%2e%2e"] {
        let path = format!("/v1/updates/files/{name}");
        assert_eq!(
            client.ranged(&path, "bytes=0-").await.code.as_u16(),
            404,
            "{name}"
        );
    }
    let whole = client
        .send(Method::GET, &path, Body::None)
        .await
        .expect("an answer");
    assert_eq!(whole.code.as_u16(), 400, "never the whole file at once");
}

#[test]
fn a_release_is_published_whole_and_never_as_another_one() {
    let shop = Shop::new();
    release(&shop, "release", "1.1.0");
    let publish = |to: &str| update(&shop, &["publish", &shop.text("release"), "--to", to]);
    fs::write(shop.path("release/sealpoint_1.1.0.efi"), "KERNEL").expect("a file");
    let (went, said) = publish("100%");
    assert!(
        !went && said.contains("is not the file that was signed for"),
        "{said}"
    );
    assert!(update(&shop, &["list"]).1.contains("No release is offered"));
    release(&shop, "release", "1.1.0");
    assert!(publish("10%").0);
    assert!(publish("T0000001,T0000002").0, "the same for other tills");
    let (_, listed) = update(&shop, &["list"]);
    assert!(
        listed.contains("1.1.0") && listed.contains("to T0000001,T0000002"),
        "{listed}"
    );

    let text = fs::read_to_string(shop.path("release/release.txt")).expect("there");
    let other = text.replace("rollback_index 1", "rollback_index 2");
    fs::write(shop.path("release/release.txt"), other).expect("a file");
    let (went, said) = publish("100%");
    assert!(
        !went && said.contains("Another release 1.1.0 was published before"),
        "{said}"
    );
    assert!(!publish("0%").0);
    assert!(update(&shop, &["withdraw", "1.1.0"]).0);
    assert!(!update(&shop, &["withdraw", "1.1.0"]).0);
    assert!(!shop.path("updates/1.1.0").exists());
}
