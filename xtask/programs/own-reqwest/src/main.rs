//! Prints what the program's own reqwest does: whether `Client::new()` panics, and who speaks TLS for it. With one of our
//! crates it also makes a call with that.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

fn main() {
    #[cfg(feature = "own-no-provider")]
    rustls::crypto::ring::default_provider().install_default().expect("the first provider");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        // A panic is one of the results.
        std::panic::set_hook(Box::new(|_| {}));
        let own = std::panic::catch_unwind(reqwest::Client::new).ok();
        let _ = std::panic::take_hook();
        match own {
            None => println!("new: panics"),
            Some(client) => {
                println!("new: works");
                plain(&client).await;
                println!("tls: {}", tls(&client).await);
            }
        }
        #[cfg(feature = "ours")]
        ours().await;
    });
}

/// An ordinary call, which works whatever the features are.
async fn plain(client: &reqwest::Client) {
    let url = serve("1");
    let text = client.get(url).send().await.expect("a response").text().await.expect("a body");
    assert_eq!(text, "1");
}

/// Who sends the ClientHello for an https address.
async fn tls(client: &reqwest::Client) -> &'static str {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let url = format!("https://{}/", listener.local_addr().expect("an address"));
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut hello = [0; 5];
        // Ends without a byte where nobody speaks TLS.
        if stream.read_exact(&mut hello).is_err() {
            return None;
        }
        let mut hello = vec![0; usize::from(u16::from_be_bytes([hello[3], hello[4]]))];
        stream.read_exact(&mut hello).ok().map(|()| hello)
    });
    let address = url.trim_start_matches("https://").trim_end_matches('/').to_owned();
    assert!(client.get(url).send().await.is_err(), "nobody completes the handshake");
    // For a client that did not even connect.
    drop(TcpStream::connect(address));
    match server.join().expect("the server") {
        None => "none",
        Some(hello) => library(&hello),
    }
}

/// The library, by the cipher suites and the groups that it offers.
fn library(hello: &[u8]) -> &'static str {
    // Type and length, version, random; then the session id and the suites, each behind its length.
    let session = usize::from(hello[38]);
    let suites = &hello[39 + session..];
    let length = usize::from(u16::from_be_bytes([suites[0], suites[1]]));
    let suites = suites[2..2 + length].chunks(2).map(|suite| u16::from_be_bytes([suite[0], suite[1]]));
    let of_rustls = [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9, 0x00ff];
    // X25519MLKEM768, which ring does not have.
    let post_quantum = hello.windows(2).any(|window| window == [0x11, 0xec]);
    match (suites.into_iter().all(|suite| of_rustls.contains(&suite)), post_quantum) {
        (false, _) => "native",
        (true, true) => "rustls with aws-lc-rs",
        (true, false) => "rustls with ring",
    }
}

/// Serves one response with this JSON.
fn serve(json: &'static str) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let _ = stream.read(&mut [0; 4096]);
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
        let length = json.len();
        stream.write_all(format!("{head}\r\ncontent-length: {length}\r\n\r\n{json}").as_bytes())
    });
    url
}

#[cfg(feature = "ours")]
async fn ours() {
    use verigator_client::Client;

    let builder = || Client::builder("user", "password").base_url(serve(r#"{"users":[]}"#));
    let list = async |client: Client| client.users("s1").list().await.expect("a list").users.len();
    assert_eq!(list(builder().build().expect("a client")).await, 0);
    println!("ours: works");
    #[cfg(any(
        feature = "ours-reqwest",
        feature = "ours-reqwest-rustls",
        feature = "ours-reqwest-native-tls"
    ))]
    {
        let transport = verigator_client::ReqwestTransport::new(verigator_client::TransportSettings::new()).expect("a transport");
        assert_eq!(list(builder().transport(transport).build().expect("a client")).await, 0);
        println!("ours over reqwest: works");
    }
}
