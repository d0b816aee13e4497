//! Words around names: titles, relations, particles, what announces a name, what people do.

use super::words::{phrase_list, word_list};

word_list!(pub(super) TITLES = "mr mrs ms miss mx dr prof professor doctor sir madam dame lady lord rev reverend father sister nurse judge \
     officer sergeant constable detective inspector herr herrn frau fräulein doktor schwester pfleger bruder pfarrer \
     oberarzt oberärztin chefarzt rechtsanwalt rechtsanwältin notar hr fr familie dipl");

word_list!(pub(super) OF_WOMEN = "mrs ms miss madam dame lady sister frau fräulein schwester mother mum mom daughter wife girlfriend aunt niece \
     mutter tochter tante oma nichte freundin");

word_list!(pub(super) OF_MEN = "mr sir lord father herr herrn bruder dad son brother husband boyfriend uncle nephew vater sohn onkel opa neffe \
     papa hr grandson");

word_list!(pub(super) PARTICLES = "von van vom zu zur zum der den de da dos das del della di du la le al el bin ní ter ten");

// What comes right before a name, the nearest word last.
phrase_list!(pub(super) CUES = "name is, name's, named, called, i am, i'm, this is, it is, it's, its, here is, speaking to, speaking with, speak \
     to, speak with, talk to, ask for, asked for, regards to, hello to, hi to, love to, hello, hi, hey, dear, cheers, \
     thanks, thank you, morning, evening, afternoon, bye, tell, told, ask, asked, call, phone, ring, met, meet, \
     visit, visited, text, email, thank, contact, remind, inform, help, helped, invite, invited, with, by, and, \
     between, for, to, so, name, yours, sincerely, regards, signed, patient, client, wants, says, that, does, did, \
     has, is, was, will, can, could, let, hier ist, hier spricht, ist, ich bin, bin, bins, heiße, heisse, heißt, \
     heisst, hieß, namens, spreche mit, sprechen mit, gesprochen mit, mit, hallo, moin, servus, liebe, lieber, danke, \
     tag, gruß an, grüße an, grüß, grüße, grüßen sie, geht es, geht's, gehts, frag, fragen sie, ruf, von, für, bei, \
     an, und, dass, ob, wenn, hat, hat es, nimmt, wie, wird, kann, soll, will, gegen, wegen, durch, sagt, sagte, \
     meint, kommt, was, wo, name, zeuge, laut");

// Those of the cues that name somebody whatever the word is.
phrase_list!(pub(super) SURE = "name is, name's, named, name ist, heißt, heisst, heiße, heisse, namens, hier ist, hier spricht, sprechen mit, \
     spreche mit, speaking to, speaking with, regards to, gruß an, grüße an, this is, geht es, is called, dear, \
     liebe, lieber, hello, hallo, hi, hey, moin, grüß");

// What people do, right after a name.
word_list!(pub(super) DOINGS = "said says told tells asked asks would will could can should signed wants wanted thinks thought called calls rang \
     moved lives lived saw sees wrote sent gave gives takes took needs works worked knows knew promised promises \
     agrees agreed explains explained reports reported confirms confirmed booked books offers offered recommends \
     recommended suggests suggested advises advised prescribes prescribed complains complained requests requested \
     considers owes got gets has had is was doesn't didn't isn't wasn't hasn't can't couldn't won't wouldn't does did \
     and speaking here hier sagt sagte meint meinte möchte wollte hat hatte ist war wird wohnt arbeitet fragt fragte \
     bittet bat verspricht versprach bestätigt bestätigte beanstandet klagt ruft rief schreibt schrieb erklärt \
     erklärte empfiehlt empfahl bekommt bekam misst sah sieht kommt kam geht ging kann konnte soll muss braucht \
     beschwert meldet rät bleibt spricht");

// Those of these that only people do, in a language in which every noun has a capital.
word_list!(pub(super) ONLY_PEOPLE = "sagt sagte meint meinte möchte wollte wohnt fragt fragte bittet bat verspricht versprach beanstandet rief ruft \
     schrieb erklärte empfiehlt empfahl sah hier am beschwert rät spricht");
