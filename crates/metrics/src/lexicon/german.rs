//! German word lists.

use super::Words;

pub(super) const WORDS: Words = Words {
    stop: "ab aber ach alle allem allen aller alles als also am an auch auf aus bei beim bin bis bist bitte da dabei dafür \
        damit danach dann daran darauf das dass davon dazu dein deine deinem deinen deiner dem den denn der des deshalb dich \
        die dies diese diesem diesen dieser dieses dir doch dort du durch ein eine einem einen einer eines er es etwas euch \
        euer für gegen gehabt geht gerade gern gibt gut gute guten hab habe haben hallo hast hat hatte hatten hier hin ich \
        ihm ihn ihnen ihr ihre ihrem ihren ihrer im in ins ist ja jede jedem jeden jeder jedes jetzt kann kein keine keinem \
        keinen keiner können könnte könnten mal man mehr mein meine meinem meinen meiner mich mir mit möchte möchten muss \
        müssen nach naja nein nicht noch nun nur ob oder oh ohne okay ok schon sehr sein seine seinem seinen seiner seit sich \
        sie sind so soll sollen sollte sollten sondern sonst über um und uns unser unsere unter viel vielleicht vom von vor \
        wann war waren warum was weil welche welcher wenn wer werde werden wie wieder will wir wird wirklich wo wollen wollte \
        worden würde würden zu zum zur zwar",
    not_names: "herr frau doktor dr",
    capitals_are_names: false,
    decimal_comma: true,
    numbers,
    multipliers: &[
        ("hundert", 100.0),
        ("tausend", 1_000.0),
        ("million", 1_000_000.0),
        ("millionen", 1_000_000.0),
    ],
    only_with_unit: &[
        ("ein", 1.0),
        ("eins", 1.0),
        ("eine", 1.0),
        ("einen", 1.0),
        ("einem", 1.0),
        ("einer", 1.0),
        ("erste", 1.0),
        ("ersten", 1.0),
        ("zweite", 2.0),
        ("zweiten", 2.0),
        ("dritte", 3.0),
        ("dritten", 3.0),
        ("vierte", 4.0),
        ("vierten", 4.0),
        ("fünfte", 5.0),
        ("fünften", 5.0),
    ],
    counting: &[
        ("eins", 1.0),
        ("einmal", 1.0),
        ("beide", 2.0),
        ("beiden", 2.0),
        ("paar", 2.0),
        ("zweimal", 2.0),
        ("doppelt", 2.0),
        ("dreimal", 3.0),
        ("viermal", 4.0),
        ("dutzend", 12.0),
        ("erste", 1.0),
        ("ersten", 1.0),
        ("zweite", 2.0),
        ("zweiten", 2.0),
        ("dritte", 3.0),
        ("dritten", 3.0),
    ],
    ordinal_endings: "te ten ter tes",
    articles: "ein eine einen einem einer der die das den dem pro jede jeden jeder nächste nächsten letzte letzten",
    units: &[
        ("minutes", 1.0 / 60.0, "sekunde sekunden sek"),
        ("minutes", 1.0, "minute minuten min"),
        ("minutes", 60.0, "stunde stunden std h"),
        ("minutes", 1_440.0, "tag tage tagen nacht nächte nächten"),
        ("minutes", 10_080.0, "woche wochen"),
        ("months", 1.0, "monat monate monaten"),
        ("months", 12.0, "jahr jahre jahren"),
        ("grams", 0.000_001, "\u{b5}g mikrogramm"),
        ("grams", 0.001, "mg milligramm"),
        ("grams", 1.0, "g gramm"),
        ("grams", 500.0, "pfund"),
        ("grams", 1_000.0, "kg kilo kilos kilogramm"),
        ("millilitres", 1.0, "ml milliliter"),
        ("millilitres", 10.0, "cl zentiliter"),
        ("millilitres", 100.0, "dl deziliter"),
        ("millilitres", 1_000.0, "l liter litern"),
        ("metres", 0.001, "mm millimeter millimetern"),
        ("metres", 0.01, "cm zentimeter zentimetern"),
        ("metres", 1.0, "m meter metern"),
        ("metres", 1_000.0, "km kilometer kilometern"),
        ("percent", 1.0, "% prozent"),
        ("degrees", 1.0, "\u{b0} grad \u{b0}c"),
        ("drops", 1.0, "tropfen"),
    ],
    currencies: &[
        ("euro", "\u{20ac} euro euros eur"),
        ("cent", "cent cents"),
        ("dollar", "$ dollar dollars usd"),
        ("pound", "\u{a3} gbp"),
        ("franc", "franken chf"),
        ("crown", "krone kronen"),
    ],
    weekdays: [
        "montag montags",
        "dienstag dienstags",
        "mittwoch mittwochs",
        "donnerstag donnerstags",
        "freitag freitags",
        "samstag samstags sonnabend",
        "sonntag sonntags",
    ],
    short_weekdays: ["mo", "di", "mi", "do", "fr", "sa", "so"],
    months: [
        "januar jänner jan",
        "februar feb",
        "märz",
        "april apr",
        "mai",
        "juni jun",
        "juli jul",
        "august aug",
        "september sept",
        "oktober okt",
        "november nov",
        "dezember dez",
    ],
    doubtful_months: "",
    before_month: "im seit bis ab anfang mitte ende am",
    day_words: &[
        ("today", "heute"),
        ("tomorrow", "morgen"),
        ("yesterday", "gestern"),
        ("overmorrow", "übermorgen"),
        ("ereyesterday", "vorgestern"),
        ("tonight", "abend"),
        ("weekend", "wochenende"),
    ],
    morning: "vormittags morgens früh",
    afternoon: "nachmittags abends",
    o_clock: "uhr",
    times: &[("mittag", 720), ("mittags", 720), ("mitternacht", 0)],
    half: "halb",
    quarter: "viertel",
    past: "nach",
    to: "vor",
    half_is_before: true,
    negations: "nicht kein keine keinen keinem keiner keines nie niemals niemand nichts ohne weder verneint verneinte \
        verweigert verweigerte unfähig nein keinesfalls keineswegs nirgends",
    yes: "ja jawohl genau klar sicher natürlich stimmt richtig gern gerne doch okay ok selbstverständlich",
    no: "nein nee nö nie niemals nichts kein keine keinen leider nicht",
    conjunctions: "aber und weil während obwohl sondern denn doch da wenn dass",
};

fn numbers() -> Vec<(String, f64)> {
    let ones = [
        "null", "ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun",
    ];
    let teens = [
        "zehn",
        "elf",
        "zwölf",
        "dreizehn",
        "vierzehn",
        "fünfzehn",
        "sechzehn",
        "siebzehn",
        "achtzehn",
        "neunzehn",
    ];
    let tens = [
        "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig",
    ];
    let mut numbers: Vec<(String, f64)> = Vec::new();
    let mut add = |word: String, value: usize| numbers.push((word, value as f64));
    // `ein` counts with a unit only.
    (0..10)
        .filter(|value| *value != 1)
        .for_each(|value| add(ones[value].to_owned(), value));
    (0..10).for_each(|value| add(teens[value].to_owned(), 10 + value));
    for (ten, word) in (2..).zip(tens) {
        add(word.to_owned(), 10 * ten);
        (1..10).for_each(|value| add(format!("{}und{word}", ones[value]), 10 * ten + value));
    }
    for (value, word) in ones.iter().enumerate().skip(1) {
        add(format!("{word}hundert"), 100 * value);
        add(format!("{word}tausend"), 1_000 * value);
    }
    (0..3).for_each(|value| add(format!("{}tausend", teens[value]), 1_000 * (10 + value)));
    numbers
}
