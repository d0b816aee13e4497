//! `--help` of the commands about models.

use insta::assert_snapshot;

use super::help;

#[test]
fn models() {
    assert_snapshot!(help("models"), @"
    Download, list, check and remove models

    Usage: duologue models <COMMAND>

    Commands:
      add      Download a model from the Hugging Face Hub, or go on with a download
      login    Keep a token for private and gated models in the system's keychain; it is read from standard input or typed
      logout   Remove the token of `models login` from the keychain
      list     The models of this workspace: downloads, and folders that runs have used
      licence  Print the licence of a model of the catalogue
      verify   Load a model, compare its files with the download's digests and with those of its first use
      remove   Delete a downloaded model; of a folder of your own only the entry goes
      help     Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn models_add() {
    assert_snapshot!(help("models add"), @"
    Download a model from the Hugging Face Hub, or go on with a download

    Usage: duologue models add [OPTIONS] <HUB_ID>

    Arguments:
      <HUB_ID>  Its id on the Hub: owner/name

    Options:
          --revision <REVISION>  Branch, tag or commit [default: main]
          --file <X.gguf>        A GGUF file of the repository, instead of its safetensors
      -h, --help                 Print help
      -V, --version              Print version
    ");
}

#[test]
fn models_licence() {
    assert_snapshot!(help("models licence"), @"
    Print the licence of a model of the catalogue

    Usage: duologue models licence <MODEL>

    Arguments:
      <MODEL>  Its name or its id on the Hub

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn models_login() {
    assert_snapshot!(help("models login"), @"
    Keep a token for private and gated models in the system's keychain; it is read from standard input or typed

    `models add` takes the first token that it finds: in HF_TOKEN, in the keychain, in the file of `hf auth login`.

    Usage: duologue models login

    Options:
      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version
    ");
}

#[test]
fn models_logout() {
    assert_snapshot!(help("models logout"), @"
    Remove the token of `models login` from the keychain

    Usage: duologue models logout

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn models_list() {
    assert_snapshot!(help("models list"), @"
    The models of this workspace: downloads, and folders that runs have used

    Usage: duologue models list [OPTIONS]

    Options:
          --catalogue  Models to download instead, with what they need and whether this machine has it
          --fit <DIR>  These folders instead, with what a run on each needs and whether this machine has it
      -h, --help       Print help
      -V, --version    Print version
    ");
}

#[test]
fn models_verify() {
    assert_snapshot!(help("models verify"), @"
    Load a model, compare its files with the download's digests and with those of its first use

    Usage: duologue models verify <MODEL>

    Arguments:
      <MODEL>  Folder, GGUF file, id or name

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn models_remove() {
    assert_snapshot!(help("models remove"), @"
    Delete a downloaded model; of a folder of your own only the entry goes

    Usage: duologue models remove [OPTIONS] <MODEL>

    Arguments:
      <MODEL>  Its id or name

    Options:
          --yes      Do not ask
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn pretrain() {
    assert_snapshot!(help("pretrain"), @r#"
    Train all weights of a small model on text of your own, from random numbers or from a model folder

    Usage: duologue pretrain [OPTIONS] --out <DIR>

    Options:
          --out <DIR>              Folder of the new model
          --resume                 Go on with the training in DIR, with its settings
          --corpus <FILE>...       Text to learn: JSON Lines with "text" or "messages", or plain text
          --validation <FILE>      Text to validate on, of the same kinds [default: a fiftieth of the corpus]
          --from <DIR>             Go on from this model instead of random weights; its tokenizer stays
          --vocab-size <N>         Tokens of a new vocabulary [default: 4096]
          --hidden-size <N>        Width of a new model [default: 256]
          --intermediate-size <N>  Width of its gated MLP [default: 704]
          --layers <N>             Its blocks [default: 8]
          --heads <N>              Its query heads [default: 4]
          --kv-heads <N>           Its heads of keys and values [default: 2]
          --context <TOKENS>       Its longest sequence [default: 512]
          --epochs <N>             How often the corpus is read [default: 1]
          --minutes <N>            End after this many minutes, if the epochs have not; the result then depends on this machine's speed
          --updates <N>            End after this many updates, if the epochs have not; the learning rate is that of the full length
          --lr <RATE>              Highest learning rate [default: 2e-3 from random weights, 2e-4 from a model]
          --batch-tokens <TOKENS>  Tokens of an update [default: 8192]
          --eval-every <N>         Updates between validations, samples and checkpoints [default: 100]
          --seed <N>               Random weights and the order of the text [default: 1]
          --f32                    Write the model in f32 instead of bf16
      -h, --help                   Print help
      -V, --version                Print version
    "#);
}
