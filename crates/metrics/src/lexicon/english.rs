//! English word lists.

use super::Words;

pub(super) const WORDS: Words = Words {
    stop: "a about after again all also am an and any are aren as at be because been before being both but by can \
        can't cannot could couldn couldn't did didn didn't do does doesn doesn't doing don don't down during each few for \
        from further get gets getting go goes going gonna got had hadn has hasn have haven having he he'd he'll he's her \
        here hers herself hey hi hello him himself his how i i'd i'll i'm i've if in into is isn isn't it it's its itself \
        just know let let's like ll m me mm more most much must my myself need no nor not now of off oh ok okay on once \
        only or other ought our ours ourselves out over own please re really right s said say says she she'd she'll she's \
        should shouldn so some such sure t tell than thank thanks that that's the their theirs them themselves then there \
        there's these they they'll they're they've think this those through to too u uh um under until up ur us ve very \
        want wants was wasn way we we'd we'll we're we've well were weren what what's when where which while who whom why \
        will with won won't would wouldn y yeah yep yes you you'd you'll you're you've your yours yourself d person1 person2 \
        also per",
    not_names: "i i'm i'll i've i'd mr mrs ms miss dr sir madam mister doctor ok okay yes no yeah hi hello hey bye thanks \
        thank please well oh so but and the a an if when then he she it they we you his her their its this that these \
        those there here what who how why where which not in on at by for from with of to as after before because since \
        during while also both all some many most other another one two my our your pm am tv cd dvd id ok lol omg btw \
        haha xd mom dad mum mother father god patient client customer agent user both as although despite",
    capitals_are_names: true,
    decimal_comma: false,
    numbers,
    multipliers: &[
        ("hundred", 100.0),
        ("thousand", 1_000.0),
        ("grand", 1_000.0),
        ("million", 1_000_000.0),
    ],
    only_with_unit: &[
        ("one", 1.0),
        ("first", 1.0),
        ("second", 2.0),
        ("third", 3.0),
        ("fourth", 4.0),
        ("fifth", 5.0),
        ("sixth", 6.0),
        ("seventh", 7.0),
        ("eighth", 8.0),
        ("ninth", 9.0),
        ("tenth", 10.0),
    ],
    counting: &[
        ("one", 1.0),
        ("once", 1.0),
        ("first", 1.0),
        ("twice", 2.0),
        ("both", 2.0),
        ("couple", 2.0),
        ("pair", 2.0),
        ("twins", 2.0),
        ("double", 2.0),
        ("second", 2.0),
        ("triple", 3.0),
        ("third", 3.0),
        ("fourth", 4.0),
        ("fifth", 5.0),
        ("dozen", 12.0),
        ("two's", 2.0),
    ],
    ordinal_endings: "st nd rd th",
    articles: "a an the one another per each every next last",
    units: &[
        ("minutes", 1.0 / 60.0, "second seconds sec secs"),
        ("minutes", 1.0, "minute minutes min mins"),
        ("minutes", 60.0, "hour hours hr hrs h"),
        ("minutes", 1_440.0, "day days night nights"),
        ("minutes", 10_080.0, "week weeks wk wks"),
        ("minutes", 20_160.0, "fortnight fortnights"),
        ("months", 1.0, "month months"),
        ("months", 12.0, "year years yr yrs"),
        ("months", 120.0, "decade decades"),
        ("grams", 0.000_001, "\u{b5}g mcg microgram micrograms"),
        (
            "grams",
            0.001,
            "mg milligram milligrams milligramme milligrammes",
        ),
        ("grams", 1.0, "g gram grams gramme grammes"),
        ("grams", 1_000.0, "kg kgs kilo kilos kilogram kilograms"),
        ("pounds", 1.0, "pound pounds lb lbs"),
        ("stones", 1.0, "stone stones"),
        ("ounces", 1.0, "ounce ounces oz"),
        (
            "millilitres",
            1.0,
            "ml millilitre millilitres milliliter milliliters cc",
        ),
        ("millilitres", 10.0, "cl centilitre centilitres"),
        ("millilitres", 100.0, "dl decilitre decilitres"),
        ("millilitres", 1_000.0, "l litre litres liter liters"),
        ("gallons", 1.0, "gallon gallons"),
        ("pints", 1.0, "pint pints"),
        (
            "metres",
            0.001,
            "mm millimetre millimetres millimeter millimeters",
        ),
        (
            "metres",
            0.01,
            "cm centimetre centimetres centimeter centimeters",
        ),
        ("metres", 1.0, "m metre metres meter meters"),
        (
            "metres",
            1_000.0,
            "km kilometre kilometres kilometer kilometers",
        ),
        ("inches", 1.0, "inch inches"),
        ("inches", 12.0, "foot feet ft"),
        ("inches", 36.0, "yard yards"),
        ("miles", 1.0, "mile miles"),
        ("percent", 1.0, "% percent per-cent pct"),
        ("degrees", 1.0, "\u{b0} degree degrees \u{b0}c \u{b0}f"),
    ],
    currencies: &[
        ("dollar", "$ dollar dollars buck bucks usd"),
        ("euro", "\u{20ac} euro euros eur"),
        ("pound", "\u{a3} quid gbp"),
        ("cent", "cent cents"),
        ("penny", "pence penny p"),
        ("crown", "crown crowns"),
        ("yuan", "yuan rmb yuans"),
        ("yen", "\u{a5} yen"),
        ("franc", "franc francs chf"),
        ("zloty", "zloty zlotys pln"),
        ("rupee", "\u{20b9} rupee rupees"),
    ],
    weekdays: [
        "monday mondays",
        "tuesday tuesdays",
        "wednesday wednesdays",
        "thursday thursdays",
        "friday fridays",
        "saturday saturdays",
        "sunday sundays",
    ],
    short_weekdays: [
        "mon",
        "tue tues",
        "wed weds",
        "thu thur thurs",
        "fri",
        "sat",
        "sun",
    ],
    months: [
        "january jan",
        "february feb",
        "march mar",
        "april apr",
        "may",
        "june jun",
        "july jul",
        "august aug",
        "september sept sep",
        "october oct",
        "november nov",
        "december dec",
    ],
    doubtful_months: "may march mar jan jun june dec apr april august",
    before_month: "in of since until till by from on last next early late mid this",
    day_words: &[
        ("today", "today"),
        (
            "tomorrow",
            "tomorrow tmr tmrw tomorow tommorow tommorrow 2moro",
        ),
        ("yesterday", "yesterday"),
        ("tonight", "tonight tonite"),
        ("weekend", "weekend weekends"),
    ],
    morning: "am",
    afternoon: "pm",
    o_clock: "o'clock oclock",
    times: &[("noon", 720), ("midday", 720), ("midnight", 0)],
    half: "half",
    quarter: "quarter",
    past: "past after",
    to: "to before",
    half_is_before: false,
    negations: "not no never without none neither nor nobody nothing nowhere cannot can't cant dont didnt doesnt isnt wasnt \
        wont couldnt wouldnt shouldnt havent hasnt hadnt arent werent aint deny denies denied denying refuse refuses refused \
        unable negative absent lacks lack lacking fails failed nope nah hardly",
    yes: "yes yeah yep yup yea sure certainly definitely absolutely exactly indeed correct right ok okay affirmative aye \
        uh-huh totally",
    no: "no nope nah never not none nothing neither negative unfortunately",
    conjunctions: "but and because while although though so however whereas since as if when",
};

fn numbers() -> Vec<(String, f64)> {
    let below_twenty = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen \
        sixteen seventeen eighteen nineteen";
    let tens = "twenty thirty forty fifty sixty seventy eighty ninety";
    // `one` counts with a unit only; larger numbers are put together from their parts.
    let small = (0..).map(f64::from).zip(below_twenty.split_whitespace());
    let large = (2..)
        .map(|ten| 10.0 * f64::from(ten))
        .zip(tens.split_whitespace());
    small
        .chain(large)
        .filter(|(_, word)| *word != "one")
        .map(|(value, word)| (word.to_owned(), value))
        .collect()
}
