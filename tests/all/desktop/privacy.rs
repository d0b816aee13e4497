//! What the page may not do: run text as code, reach the network, or ask for more than the listed commands.

use std::io::ErrorKind;
use std::net::TcpListener;

use serde_json::{Value, json};

use super::window::Window;

/// Attempts to run code that the content security policy must stop; each reports `blocked` or what happened instead.
const TRIES: &str = r#"
const [address, done] = arguments;
const blocked = (action) => { try { return String(action()); } catch { return 'blocked'; } };
const asked = (promise) => promise.then(() => 'reached', () => 'blocked');
const image = () => new Promise((reached, refused) => {
  const picture = new Image();
  picture.onload = reached; picture.onerror = refused; picture.src = `${address}/picture.png`;
});
const inline = () => {
  const script = document.createElement('script');
  script.textContent = 'window.inlineRan = true';
  document.head.append(script);
  script.remove();
  return window.inlineRan ? 'ran' : 'blocked';
};
const socket = () => new Promise((reached, refused) => {
  try {
    const socket = new WebSocket(address.replace('http', 'ws'));
    socket.onopen = reached; socket.onerror = refused;
  } catch { refused(); }
});
(async () => done({
  eval: blocked(() => (0, eval)('1 + 1')),
  function: blocked(() => new Function('return 2')()),
  inline: inline(),
  fetch: await asked(fetch(address)),
  image: await asked(image()),
  socket: await asked(socket()),
}))();
"#;

/// Commands of Tauri and of plug-ins that the page has no use for.
const FOREIGN: [&str; 4] = [
    "plugin:dialog|message",
    "plugin:dialog|open",
    "plugin:window|close",
    "plugin:window-state|restore_state",
];

/// Checks that the page of an open window can do none of this.
pub(super) async fn the_page_can_reach_nothing(window: &Window<'_>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let tried = window.script_async(TRIES, vec![json!(address)]).await;
    for (name, outcome) in tried.as_object().unwrap() {
        assert_eq!(outcome, "blocked", "{name}: {tried}");
    }
    assert_eq!(
        listener.accept().unwrap_err().kind(),
        ErrorKind::WouldBlock,
        "somebody connected"
    );
    for command in FOREIGN {
        let answer = window.invoke(command, json!({})).await;
        let refused = answer["error"]
            .as_str()
            .is_some_and(|text| text.contains("not allowed"));
        assert!(refused, "{command}: {answer}");
    }
    let known = window.invoke("app_info", json!({})).await;
    assert_eq!(
        known["ok"]["workspace"],
        Value::from(window.desk.workspace.to_str().unwrap())
    );
}
