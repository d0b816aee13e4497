//! The window through WebDriver: tauri-driver → WebKitWebDriver → the application, one chain for each window.
//!
//! Controls are named by their `data-testid`. Every step has a time limit, and every wait is for a condition.

use std::future::Future;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use super::desk::Desk;

/// Time limit of one WebDriver command, in seconds.
const COMMAND_S: u64 = 30;

/// Time limit of everything that needs no model, in seconds.
const SOON_S: u64 = 20;

/// WebDriver's character for Enter.
pub(crate) const ENTER: char = '\u{E007}';

/// WebDriver's character for Control.
pub(crate) const CONTROL: char = '\u{E009}';

/// An open window of the application, driven through WebDriver.
pub(crate) struct Window<'desk> {
    /// The desk that it was opened on: programs, workspace and environment.
    pub(crate) desk: &'desk Desk,
    client: Client,
    _driver: Child,
}

impl<'desk> Window<'desk> {
    /// Opens the window and waits until its page has talked to the backend.
    pub(crate) async fn open(desk: &'desk Desk) -> Window<'desk> {
        let (port, native) = (free_port(), free_port());
        let driver = Command::new(&desk.programs.driver)
            .args([
                "--port",
                &port.to_string(),
                "--native-port",
                &native.to_string(),
            ])
            .envs(desk.environment())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|e| panic!("TAURI_DRIVER {}: {e}", desk.programs.driver.display()));
        let address = format!("http://127.0.0.1:{port}");
        let wanted =
            json!({"browserName": "wry", "tauri:options": {"application": desk.programs.app}});
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(wanted.as_object().unwrap().clone());
        let end = Instant::now() + Duration::from_secs(60);
        let client = loop {
            // The driver refuses connections until it listens, and sessions until its native driver listens too.
            match limited("a session", builder.connect(&address)).await {
                Ok(client) => break client,
                Err(error) => assert!(Instant::now() < end, "no WebDriver session: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        let window = Window {
            desk,
            client,
            _driver: driver,
        };
        window.see("connections").await;
        window
    }

    /// Closes the window as WebDriver does and waits until its processes have gone.
    pub(crate) async fn close(self) {
        limited("closing", self.client.clone().close())
            .await
            .unwrap();
        let desk = self.desk;
        until("the closed window has gone", SOON_S, async || {
            (!desk.app_lives()).then_some(())
        })
        .await;
    }

    /// Runs JavaScript in the page and returns the value that the script returns.
    pub(crate) async fn script(&self, script: &str, arguments: Vec<Value>) -> Value {
        limited("a script", self.client.execute(script, arguments))
            .await
            .unwrap()
    }

    /// Runs JavaScript that ends by calling its last argument with a value, and returns that value.
    pub(crate) async fn script_async(&self, script: &str, arguments: Vec<Value>) -> Value {
        limited("a script", self.client.execute_async(script, arguments))
            .await
            .unwrap()
    }

    /// Calls a command of the backend as the page does: `{"ok": answer}` or `{"error": error}`.
    pub(crate) async fn invoke(&self, command: &str, arguments: Value) -> Value {
        let script = "const done = arguments[2];
            window.__TAURI_INTERNALS__.invoke(arguments[0], arguments[1])
              .then((ok) => done({ ok }), (error) => done({ error }));";
        self.script_async(script, vec![json!(command), arguments])
            .await
    }

    /// Gives the window another size, and waits until the page has it.
    pub(crate) async fn resize(&self, width: u32, height: u32) {
        limited("another size", self.client.set_window_size(width, height))
            .await
            .unwrap();
        until("the page has its size", SOON_S, async || {
            let seen = self.script("return innerWidth", vec![]).await;
            (seen.as_u64()? <= u64::from(width)).then_some(())
        })
        .await;
    }

    /// Waits until a control is on the page, and returns it.
    pub(crate) async fn see(&self, testid: &str) -> Element {
        let css = css(testid);
        until(&format!("{testid} is on the page"), SOON_S, async || {
            self.client.find(Locator::Css(&css)).await.ok()
        })
        .await
    }

    /// Waits until a control can be used, and clicks it. The page may redraw in the meantime.
    pub(crate) async fn click(&self, testid: &str) {
        let css = css(testid);
        until(&format!("{testid} can be clicked"), SOON_S, async || {
            let element = self.client.find(Locator::Css(&css)).await.ok()?;
            (element.is_enabled().await.ok()?).then_some(())?;
            element.click().await.ok()
        })
        .await;
    }

    /// Replaces the text of a field, and checks that the field holds the new text.
    pub(crate) async fn fill(&self, testid: &str, text: &str) {
        let field = self.see(testid).await;
        limited("clearing a field", field.clear())
            .await
            .unwrap_or_else(|e| panic!("{testid}: {e}"));
        limited("typing", field.send_keys(text))
            .await
            .unwrap_or_else(|e| panic!("{testid}: {e}"));
        let holds = self
            .script(
                "return document.querySelector(arguments[0]).value",
                vec![json!(css(testid))],
            )
            .await;
        assert_eq!(holds, json!(text), "{testid}");
    }

    /// Pastes text into an empty field, and checks that the field holds it.
    pub(crate) async fn paste(&self, testid: &str, text: &str) {
        self.click(testid).await;
        self.script(
            "document.execCommand('insertText', false, arguments[0])",
            vec![json!(text)],
        )
        .await;
        let holds = self
            .script(
                "return document.querySelector(arguments[0]).value",
                vec![json!(css(testid))],
            )
            .await;
        assert_eq!(holds, json!(text), "{testid}");
    }

    /// Chooses the option of a list that has the given value.
    pub(crate) async fn choose(&self, testid: &str, value: &str) {
        let css = css(testid);
        until(&format!("{testid} offers {value}"), SOON_S, async || {
            let list = self.client.find(Locator::Css(&css)).await.ok()?;
            list.select_by_value(value).await.ok()
        })
        .await;
        let holds = self
            .script(
                "return document.querySelector(arguments[0]).value",
                vec![json!(css)],
            )
            .await;
        assert_eq!(holds, json!(value), "{testid}");
    }

    /// Presses a key for whatever has the focus.
    pub(crate) async fn press(&self, key: char) {
        let keys = KeyActions::new("keyboard".into())
            .then(KeyAction::Down { value: key })
            .then(KeyAction::Up { value: key });
        limited("a key", self.client.perform_actions(keys))
            .await
            .unwrap();
    }

    /// Presses `key` while `modifier` is held.
    pub(crate) async fn chord(&self, modifier: char, key: char) {
        let keys = KeyActions::new("keyboard".into())
            .then(KeyAction::Down { value: modifier })
            .then(KeyAction::Down { value: key })
            .then(KeyAction::Up { value: key })
            .then(KeyAction::Up { value: modifier });
        limited("keys", self.client.perform_actions(keys))
            .await
            .unwrap();
    }

    /// Types a text into whatever has the focus.
    pub(crate) async fn write(&self, text: &str) {
        let keys = text
            .chars()
            .fold(KeyActions::new("keyboard".into()), |keys, value| {
                keys.then(KeyAction::Down { value })
                    .then(KeyAction::Up { value })
            });
        limited("typing", self.client.perform_actions(keys))
            .await
            .unwrap();
    }

    /// Text of a control, without white space at its ends; fails if the control is not on the page.
    pub(crate) async fn text(&self, testid: &str) -> String {
        let text = self
            .script(
                "return document.querySelector(arguments[0])?.textContent ?? null",
                vec![json!(css(testid))],
            )
            .await;
        text.as_str()
            .unwrap_or_else(|| panic!("{testid} is not on the page"))
            .trim()
            .to_owned()
    }

    /// An attribute of a control; `None` if the page has no such control, or the control no such attribute.
    pub(crate) async fn attribute(&self, testid: &str, name: &str) -> Option<String> {
        let script =
            "return document.querySelector(arguments[0])?.getAttribute(arguments[1]) ?? null";
        self.script(script, vec![json!(css(testid)), json!(name)])
            .await
            .as_str()
            .map(str::to_owned)
    }

    /// Waits until an attribute of a control has one of `values`, and returns that value.
    pub(crate) async fn wait_for(
        &self,
        testid: &str,
        name: &str,
        values: &[&str],
        limit_s: u64,
    ) -> String {
        until(
            &format!("{name} of {testid} is one of {values:?}"),
            limit_s,
            async || {
                self.attribute(testid, name)
                    .await
                    .filter(|value| values.contains(&value.as_str()))
            },
        )
        .await
    }

    /// Number of elements that match a selector.
    pub(crate) async fn count(&self, css: &str) -> usize {
        let n = self
            .script(
                "return document.querySelectorAll(arguments[0]).length",
                vec![json!(css)],
            )
            .await;
        n.as_u64().unwrap() as usize
    }

    /// The page as it is now, as HTML.
    pub(crate) async fn source(&self) -> String {
        limited("the source", self.client.source()).await.unwrap()
    }

    /// Goes to a screen by its address, as a click on one of its links does.
    pub(crate) async fn go(&self, hash: &str) {
        self.script("location.hash = arguments[0]", vec![json!(hash)])
            .await;
    }

    /// Waits until nothing moves: no animation runs, the fonts are loaded, and the last change is painted.
    pub(crate) async fn settle(&self) {
        let painted =
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(done))";
        let script = "return document.fonts.status === 'loaded'
            && document.getAnimations().every((one) => one.effect.getComputedTiming().iterations === Infinity
                 || one.playState !== 'running')";
        until("the page stands still", SOON_S, async || {
            (self.script(script, vec![]).await == json!(true)).then_some(())
        })
        .await;
        self.script_async(painted, vec![]).await;
    }

    /// Saves a screenshot as `<screen>-<theme>.png` if `E2E_SCREENS` names a folder. Notices, which would soon
    /// disappear, are hidden, and folders of this machine are shown as those of an invented user.
    pub(crate) async fn picture(&self, screen: &str) {
        let Some(folder) = std::env::var_os("E2E_SCREENS").map(PathBuf::from) else {
            return;
        };
        self.settle().await;
        let theme = self
            .script(
                "return document.documentElement.dataset.theme ?? 'light'",
                vec![],
            )
            .await;
        self.script(TIDY, vec![]).await;
        let png = limited("a picture", self.client.screenshot())
            .await
            .unwrap();
        self.script("window.untidy.forEach((undo) => undo())", vec![])
            .await;
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(
            folder.join(format!("{screen}-{}.png", theme.as_str().unwrap())),
            png,
        )
        .unwrap();
    }
}

/// Hides notices and replaces folders. `untidy` undoes both, so that the page is left as it was.
const TIDY: &str = r"
    // A page that stands quite still now and then leaves WebKit's driver waiting for a frame for ever.
    const speck = document.createElement('div');
    speck.style.cssText = 'position: fixed; inset: auto 0 0 auto; width: 1px; height: 1px; background: currentColor';
    document.body.append(speck);
    const stir = setInterval(() => { speck.style.opacity = speck.style.opacity === '0' ? '0.01' : '0'; }, 50);
    window.untidy = [() => { clearInterval(stir); speck.remove(); }];
    const change = (owner, key, value) => {
      const before = owner[key];
      owner[key] = value;
      window.untidy.push(() => { owner[key] = before; });
    };
    const notices = document.querySelector('[data-testid=toasts]');
    if (notices) change(notices.style, 'visibility', 'hidden');
    const shorten = (owner, key) => {
      const text = owner[key].replace(/(?:\/[\w.@+-]+){1,}\/(?=[\w.])/g, '/home/ada/');
      if (text !== owner[key]) change(owner, key, text);
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) shorten(texts.currentNode, 'data');
    document.querySelectorAll('input, textarea').forEach((field) => shorten(field, 'value'));";

fn css(testid: &str) -> String {
    format!("[data-testid=\"{testid}\"]")
}

/// Runs a WebDriver command; fails if it takes longer than [`COMMAND_S`].
async fn limited<T, E>(what: &str, command: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    match tokio::time::timeout(Duration::from_secs(COMMAND_S), command).await {
        Ok(answer) => answer,
        Err(_) => panic!("{what} took longer than {COMMAND_S} s"),
    }
}

/// Asks until there is an answer; fails after `limit_s` seconds.
pub(crate) async fn until<T>(
    what: &str,
    limit_s: u64,
    mut ask: impl AsyncFnMut() -> Option<T>,
) -> T {
    let end = Instant::now() + Duration::from_secs(limit_s);
    loop {
        let asked = async { Ok::<_, CmdError>(ask().await) };
        if let Some(answer) = limited(what, asked).await.unwrap() {
            return answer;
        }
        assert!(Instant::now() < end, "not within {limit_s} s: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}
