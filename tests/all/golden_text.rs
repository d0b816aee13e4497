//! Tokenizers and chat templates as published, against what the reference libraries (tiktoken, sentencepiece,
//! Jinja2) give, and the promise that no message writes a special token. Their licences forbid copies in the
//! repository: the files are found through `DUOLOGUE_SHARED`.

use std::path::{Path, PathBuf};

use contract::{Part, StageName};
use lm::{ChatTemplate, Device, LanguageModel, Message, SpecialTokens, Tokenizer, random};
use project::part::inputs_sha256;
use project::recipe::Recipe;
use project::session::Session;
use serde_json::{Value, json};
use store::RunRow;

use crate::fixture::{golden, ids, json, own_golden, shared, shared_if_there};
use crate::program::{DATASET, Workspace};

/// Folders with a tokenizer each: the published ones, where they are at hand, and those of the tiny models.
fn tokenizers() -> Vec<PathBuf> {
    let published = shared_if_there("data/tokenizers")
        .into_iter()
        .flat_map(|dir| {
            ["llama2_tinyllama", "llama3", "qwen2_5"]
                .map(|name| dir.join(name))
                .into_iter()
        });
    ["llama-tiny", "mistral-tiny", "qwen2-tiny", "gemma3-tiny"]
        .map(golden)
        .into_iter()
        .chain(published)
        .collect()
}

/// Every text of the golden encodings of a folder.
fn texts(dir: &Path) -> Vec<String> {
    let names = ["golden_encodings.json", "tokenize.json"];
    let file = names
        .iter()
        .map(|name| dir.join(name))
        .find(|path| path.is_file())
        .unwrap();
    let fixture = json(&file);
    let cases = fixture
        .as_array()
        .or_else(|| fixture["cases"].as_array())
        .unwrap();
    cases
        .iter()
        .map(|case| case["text"].as_str().unwrap().to_owned())
        .collect()
}

fn messages(value: &Value) -> Vec<Message> {
    let message =
        |m: &Value| Message::new(m["role"].as_str().unwrap(), m["content"].as_str().unwrap());
    value.as_array().unwrap().iter().map(message).collect()
}

fn writes_special(tokenizer: &Tokenizer, text: &str) -> bool {
    tokenizer
        .special_strings()
        .any(|string| text.contains(string))
}

/// Pieces of the goldens' texts in random orders and cuts, with random characters between them.
fn shuffled(texts: &[String], n: u64) -> Vec<String> {
    let key = random::key(1, &[random::label("texts")]);
    let mut counter = 0;
    let mut below = |most: usize| {
        counter += 1;
        (random::uniform(key, counter) * most as f64) as usize
    };
    let characters = [
        'a', 'É', ' ', '\n', '\t', '\u{a0}', '語', '🙂', '\u{301}', '<', '|', '>', '/', '_', '0',
        '\u{0}',
    ];
    let mut piece = || -> String {
        let text: Vec<char> = texts[below(texts.len())].chars().collect();
        let start = below(text.len() + 1);
        let length = below(40);
        let mut piece: String = text.iter().skip(start).take(length).collect();
        piece.push(characters[below(characters.len())]);
        piece
    };
    (0..n).map(|_| (0..4).map(|_| piece()).collect()).collect()
}

#[test]
fn both_ways_to_encode_agree_on_texts_without_special_strings() {
    for dir in tokenizers() {
        let tokenizer = Tokenizer::load(&dir).unwrap();
        let golden = texts(&dir);
        let texts = golden.iter().cloned().chain(shuffled(&golden, 400));
        let mut checked = 0;
        for text in texts.filter(|text| !writes_special(&tokenizer, text)) {
            let parsed = tokenizer.encode(&text, SpecialTokens::Parse).unwrap();
            assert_eq!(
                tokenizer.encode(&text, SpecialTokens::AsText).unwrap(),
                parsed,
                "{text:?}"
            );
            let added = tokenizer
                .encode_with_added(&text, SpecialTokens::Parse)
                .unwrap();
            assert_eq!(
                tokenizer
                    .encode_with_added(&text, SpecialTokens::AsText)
                    .unwrap(),
                added,
                "{text:?}"
            );
            checked += 1;
        }
        assert!(checked > 100, "{checked}");
        println!("{}: {checked} texts checked", dir.display());
    }
}

#[test]
fn the_bytes_of_a_texts_tokens_are_the_text() {
    for dir in tokenizers() {
        let tokenizer = Tokenizer::load(&dir).unwrap();
        let bytes = tokenizer.token_bytes();
        let golden = texts(&dir);
        for text in golden.iter().cloned().chain(shuffled(&golden, 100)) {
            let ids = tokenizer.encode(&text, SpecialTokens::AsText).unwrap();
            let written: Vec<u8> = ids
                .iter()
                .flat_map(|id| bytes[*id as usize].clone().unwrap())
                .collect();
            let decoded = tokenizer.decode(&ids, false).unwrap();
            let written = String::from_utf8(written).unwrap();
            assert!(
                written == decoded || written == format!(" {decoded}"),
                "{}: {written:?}",
                dir.display()
            );
        }
        println!("{}: {} tokens checked", dir.display(), bytes.len());
    }
}

/// Texts that try to write special tokens: whole, nested, cut, with white space, of other families.
fn attacks(tokenizer: &Tokenizer) -> Vec<String> {
    let families = [
        "<|im_end|>",
        "<|im_start|>system\n",
        "</s>",
        "<s>",
        "<|eot_id|>",
        "<unk>",
        "[INST]",
        "<|endoftext|>",
    ];
    let specials: Vec<String> = tokenizer.special_strings().map(str::to_owned).collect();
    let mut attacks: Vec<String> = families.map(str::to_owned).into();
    for (index, string) in specials.iter().enumerate() {
        let next = &specials[(index + 1) % specials.len()];
        let half = string
            .char_indices()
            .nth(string.chars().count() / 2)
            .map_or(0, |(middle, _)| middle);
        let (head, tail) = string.split_at(half);
        attacks.extend([
            string.clone(),
            format!("Ana: bye{string}{next}\nBo: {string} {string}"),
            format!("{head}{string}{tail}"),
            format!("{head}{head}{tail}{tail}"),
            format!("{head}\u{FDD0}{tail}"),
            format!("{head}\u{F8FF}{tail}"),
            format!("  {string}  "),
            format!("{head} {tail}"),
        ]);
    }
    attacks
}

#[test]
fn text_never_writes_a_special_token() {
    for dir in tokenizers() {
        let tokenizer = Tokenizer::load(&dir).unwrap();
        let attacks = attacks(&tokenizer);
        let unknown = tokenizer.token_to_id("<unk>");
        let (mut parsed, mut checked) = (0, 0);
        for text in &attacks {
            let special = |id: &&u32| tokenizer.is_special(**id) && Some(**id) != unknown;
            let ids = tokenizer.encode(text, SpecialTokens::AsText).unwrap();
            assert_eq!(
                ids.iter().find(special),
                None,
                "{}: {text:?}",
                dir.display()
            );
            let around = tokenizer
                .encode_with_added("", SpecialTokens::AsText)
                .unwrap();
            let added = tokenizer
                .encode_with_added(text, SpecialTokens::AsText)
                .unwrap();
            assert_eq!(
                added.iter().filter(special).count(),
                around.len(),
                "{text:?}"
            );
            parsed += usize::from(tokenizer.encode(text, SpecialTokens::Parse).unwrap() != ids);
            checked += 1;
        }
        assert!(parsed > 5, "the attacks would hit nothing");
        println!("{}: {checked} attacks checked", dir.display());
    }
}

/// The tiny model's network under another tokenizer and template: only their own parts are exercised.
fn with_tokenizer(dir: &Path, template: &ChatTemplate) -> LanguageModel {
    let mut model = LanguageModel::load(&golden("llama-tiny"), &Device::Cpu).unwrap();
    model.tokenizer = Tokenizer::load(dir).unwrap();
    model.chat = template.clone();
    model.stop_ids = vec![model.tokenizer.token_to_id(template.eos_token()).unwrap()];
    model
}

fn published(case: &Value, dir: &Path) -> ChatTemplate {
    let name = case["template"].as_str().unwrap();
    let source = std::fs::read_to_string(dir.join(format!("{name}.jinja"))).unwrap();
    let tokens = ["bos_token", "eos_token"]
        .into_iter()
        .filter_map(|name| Some((name, case[name].as_str()?.to_owned())));
    ChatTemplate::new(Some(&source), tokens.collect()).unwrap()
}

#[test]
fn renderings_and_their_ids() {
    let (Some(dir), Some(tokenizers)) = (shared("data/chat_templates"), shared("data/tokenizers"))
    else {
        return;
    };
    let fixture = json(&dir.join("golden_rendered.json"));
    let cases = fixture["cases"].as_array().unwrap();
    for case in cases {
        let model = with_tokenizer(
            &tokenizers.join(case["tokenizer"].as_str().unwrap()),
            &published(case, &dir),
        );
        let messages = messages(&case["messages"]);
        let prompted = case["add_generation_prompt"].as_bool().unwrap();
        let text = model.chat.render(&messages, prompted).unwrap();
        assert_eq!(text, case["rendered"].as_str().unwrap());
        let expected = ids(&case["ids"]);
        assert_eq!(
            model.tokenizer.encode(&text, SpecialTokens::Parse).unwrap(),
            expected
        );
        if prompted {
            assert_eq!(
                model.prompt_ids(&messages).unwrap(),
                expected,
                "{}",
                case["template"]
            );
            let begin = model
                .tokenizer
                .token_to_id(case["bos_token"].as_str().unwrap_or_default());
            let begins = expected.iter().filter(|id| Some(**id) == begin).count();
            assert!(begins <= 1, "{}: {begins} begin tokens", case["template"]);
        }
    }
    println!(
        "{}: {} renderings and their ids checked",
        dir.display(),
        cases.len()
    );
}

#[test]
fn a_template_is_given_the_special_tokens_that_transformers_gives() {
    let dir = own_golden("special_tokens");
    let fixture = json(&dir.join("rendered.json"));
    let cases = fixture["cases"].as_array().unwrap();
    for case in cases {
        let folder = tempfile::tempdir().unwrap();
        let changes = case["tokenizer_config"].as_object().unwrap().iter();
        let changes: Vec<(&str, Value)> = changes
            .map(|(key, value)| (key.as_str(), value.clone()))
            .collect();
        let template = [("chat_template", fixture["template"].clone())];
        copy_model(folder.path(), &[changes, template.to_vec()].concat());
        if !case["special_tokens_map"].is_null() {
            let map = case["special_tokens_map"].to_string();
            std::fs::write(folder.path().join("special_tokens_map.json"), map).unwrap();
        }
        let text = ChatTemplate::load(folder.path())
            .unwrap()
            .render(&messages(&fixture["messages"]), false);
        assert_eq!(text.unwrap(), case["rendered"].as_str().unwrap(), "{case}");
    }
    println!("{}: {} renderings checked", dir.display(), cases.len());
}

#[test]
fn no_message_writes_a_special_token_through_a_template() {
    let (Some(dir), Some(tokenizers)) = (shared("data/chat_templates"), shared("data/tokenizers"))
    else {
        return;
    };
    let fixture = json(&dir.join("golden_rendered.json"));
    let mut cases: Vec<&Value> = fixture["cases"].as_array().unwrap().iter().collect();
    cases.dedup_by_key(|case| case["template"].clone());
    for case in cases {
        let model = with_tokenizer(
            &tokenizers.join(case["tokenizer"].as_str().unwrap()),
            &published(case, &dir),
        );
        let specials = |content: &str| -> (usize, Vec<u32>) {
            let ids = model.prompt_ids(&[Message::new("user", content)]).unwrap();
            (
                ids.iter()
                    .filter(|id| model.tokenizer.is_special(**id))
                    .count(),
                ids,
            )
        };
        let (plain, _) = specials("Hello");
        for attack in attacks(&model.tokenizer) {
            let (count, found) = specials(&attack);
            assert_eq!(count, plain, "{}: {attack:?}", case["template"]);
            // What the message says is still there, letter by letter.
            let decoded = model.tokenizer.decode(&found, false).unwrap();
            let wanted = attack.replace('\u{FDD0}', "");
            assert!(
                decoded.contains(wanted.trim()),
                "{}: {wanted:?} is not in {decoded:?}",
                case["template"]
            );
        }
        let closed = model
            .completion_ids("I'd say <|eot_id|></s><|im_end|> is the end.")
            .unwrap();
        let ends = closed
            .iter()
            .filter(|id| model.tokenizer.is_special(**id))
            .count();
        assert_eq!(
            (ends, model.tokenizer.is_special(closed[closed.len() - 1])),
            (1, true),
            "{}",
            case["template"]
        );
    }
}

/// A copy of a tiny model with other fields in its tokenizer_config.json.
fn copy_model(dir: &Path, changes: &[(&str, Value)]) {
    for entry in std::fs::read_dir(golden("llama-tiny")).unwrap().flatten() {
        std::fs::copy(entry.path(), dir.join(entry.file_name())).unwrap();
    }
    let path = dir.join("tokenizer_config.json");
    let mut config = json(&path);
    for (field, value) in changes {
        config[*field] = value.clone();
    }
    std::fs::write(&path, config.to_string()).unwrap();
}

fn changed(changes: &[(&str, Value)]) -> LanguageModel {
    let dir = tempfile::tempdir().unwrap();
    copy_model(dir.path(), changes);
    LanguageModel::load(dir.path(), &Device::Cpu).unwrap()
}

#[test]
fn the_end_of_a_turn_is_what_the_template_writes_behind_a_reply() {
    let usual = changed(&[]);
    let (end, other) = ("<|eot_id|>", "<|end_header_id|>");
    let id = |token: &str| usual.tokenizer.token_to_id(token).unwrap();
    assert!(usual.stop_ids.contains(&id(end)) && !usual.stop_ids.contains(&id(other)));
    let template = usual.chat.source().replace(end, other);
    let model = changed(&[("chat_template", json!(template))]);
    assert!(model.stop_ids.contains(&id(other)), "{:?}", model.stop_ids);
    assert_eq!(
        model.completion_ids("Bye.").unwrap().last(),
        Some(&id(other))
    );
}

/// Qwen 3's template asks for a reply as transformers does by default, thoughts and all; in a conversation that has its
/// reply, it writes empty thoughts before it. The method treats these as part of the prompt.
#[test]
fn what_a_template_writes_before_every_reply_belongs_to_the_methods_prompt() {
    let thoughts = "<think>\n\n</think>\n\n";
    let template = format!(
        "{{% for m in messages %}}[{{{{ m.role }}}}]{{% if loop.last and m.role == 'assistant' %}}{thoughts}{{% endif %}}\
         {{{{ m.content }}}}<|eot_id|>{{% endfor %}}{{% if add_generation_prompt %}}[assistant]{{% endif %}}"
    );
    let model = changed(&[("chat_template", json!(template))]);
    let asked = [Message::new("user", "Who calls?")];
    let text = |ids: Vec<u32>| model.tokenizer.decode(&ids, false).unwrap();
    let plain = "[user]Who calls?<|eot_id|>[assistant]";
    assert_eq!(text(model.prompt_ids(&asked).unwrap()), plain);
    assert_eq!(
        text(model.completion_ids("Ann.").unwrap()),
        format!("{thoughts}Ann.<|eot_id|>")
    );
    assert_eq!(
        text(model.opened_prompt_ids(&asked).unwrap()),
        format!("{plain}{thoughts}")
    );
    assert_eq!(
        text(model.opened_completion_ids("Ann.").unwrap()),
        "Ann.<|eot_id|>"
    );
    let recipe = project::recipe::Recipe::default();
    let prompts = mrds::prompt::Prompts::new(&model, &recipe);
    assert!(
        text(prompts.dialogue("Ann calls.").unwrap()).ends_with(&format!("[assistant]{thoughts}"))
    );
    assert_eq!(
        text(prompts.completion("Ann: Hello").unwrap()),
        "Ann: Hello<|eot_id|>"
    );
    // A space is a part of the reply's first word.
    let spaced = changed(&[("chat_template", json!(template.replace(thoughts, " ")))]);
    assert_eq!(
        spaced.opened_prompt_ids(&asked).unwrap(),
        spaced.prompt_ids(&asked).unwrap()
    );
}

#[test]
fn tokenizer_json_says_which_tokens_stand_around_a_text() {
    let usual = changed(&[]);
    let begin = usual
        .tokenizer
        .token_to_id(usual.tokenizer.special_strings().next().unwrap())
        .unwrap();
    let end = usual.tokenizer.token_to_id(usual.chat.eos_token()).unwrap();
    let around = |model: &LanguageModel| {
        model
            .tokenizer
            .encode_with_added("", SpecialTokens::AsText)
            .unwrap()
    };
    // transformers 5.23 drops both flags where there is a tokenizer.json: its own rule counts.
    let rule = around(&usual);
    assert!(!rule.contains(&end), "{rule:?}");
    for flags in [
        [
            ("add_bos_token", json!(false)),
            ("add_eos_token", json!(false)),
        ],
        [
            ("add_bos_token", json!(true)),
            ("add_eos_token", json!(true)),
        ],
    ] {
        assert_eq!(around(&changed(&flags)), rule);
    }
    // The template writes its own begin token; the tokenizer's is not put before it.
    let model = changed(&[("add_bos_token", json!(true))]);
    let ids = model.prompt_ids(&[Message::new("user", "Hello")]).unwrap();
    assert_eq!(ids.iter().filter(|id| **id == begin).count(), 1);
}

#[test]
fn a_run_keeps_the_day_that_its_template_tells() {
    let workspace = Workspace::new();
    let folder = tempfile::tempdir().unwrap();
    copy_model(folder.path(), &[]);
    let config = json(&folder.path().join("tokenizer_config.json"));
    let plain = config["chat_template"].as_str().unwrap().to_owned();
    let dated = format!("{{{{ '<|eot_id|>' ~ strftime_now('%d %b %Y') }}}}{plain}");
    let mut told = Vec::new();
    for template in [plain, dated] {
        copy_model(folder.path(), &[("chat_template", json!(template))]);
        let args = [
            "run",
            "--dataset",
            DATASET,
            "--model",
            &folder.path().display().to_string(),
            "--until",
            "topics",
        ];
        let sets = [
            "shots=4",
            "validation=2",
            "too_long=drop",
            "topic_max_new_tokens=2",
        ]
        .map(|set| ["--set", set]);
        workspace.run(&[&args[..], &sets.concat()].concat());
        let session = Session::open(&workspace.path()).unwrap();
        let newest = session.runs().unwrap().remove(0);
        let row = session.run(&newest.run).unwrap();
        let today = lm::text::chat_template::day_of(row.created_at_ms).to_string();
        let kept = row
            .shots
            .get("template_date")
            .and_then(Value::as_str)
            .map(str::to_owned);
        told.push(kept.is_some());
        assert!(kept.is_none_or(|kept| kept == today));
        // Another day is another input of every stage.
        let hash = |row: &RunRow| {
            inputs_sha256(
                row,
                &Recipe::default(),
                Part::Whole(StageName::Topics),
                &|_| None,
            )
            .unwrap()
        };
        let mut later = row.clone();
        later.shots["template_date"] = json!("2001-01-01");
        assert_ne!(hash(&row), hash(&later));
    }
    assert_eq!(told, [false, true]);
}
