// What raters are asked about dialogues in the stand-in bridge, and what they said of them.
import type { Criterion, DeskItem, DeskStep, OriginGuesses, StudyRequest } from './index';
import * as data from './fake_data';
import { toText } from '../dialogue_text';

type Words = [name: string, question: string, ...anchors: string[]];

const criterion = (key: string, en: Words, de: Words): Criterion => {
  const text = ([name, question, ...anchors]: Words) => ({
    name,
    in_sentence: name.toLowerCase(),
    question,
    anchors,
  });
  return {
    key,
    scale: { kind: 'likert', points: en.length - 2 },
    higher_is_better: true,
    na: false,
    texts: { en: text(en), de: text(de) },
  };
};

export const auditCriteria: Criterion[] = [
  criterion(
    'speaker_consistency',
    [
      'Speaker consistency',
      'Does everyone stay the same person?',
      'Speakers are mixed up throughout',
      'Several turns belong to the other speaker',
      'One turn does',
      'A slip in knowledge or tone',
      'Everyone keeps role, knowledge and tone',
    ],
    [
      'Sprechertreue',
      'Bleiben alle dieselbe Person?',
      'Sprecher durchweg vertauscht',
      'Mehrere Beiträge gehören zum anderen',
      'Ein Beitrag gehört zum anderen',
      'Ein Ausrutscher im Wissen oder Ton',
      'Alle bleiben bei Rolle, Wissen und Ton',
    ],
  ),
  criterion(
    'turn_taking',
    [
      'Turn-taking',
      'Do the turns answer each other?',
      'Turns do not answer each other',
      'Often not',
      'Sometimes not',
      'Once stiff or abrupt',
      'As people talk',
    ],
    [
      'Gesprächsführung',
      'Antworten die Beiträge einander?',
      'Beiträge antworten einander nicht',
      'Oft nicht',
      'Manchmal nicht',
      'Einmal steif oder abrupt',
      'Wie Menschen sprechen',
    ],
  ),
  criterion(
    'coherence',
    [
      'Coherence',
      'Does it have one clear thread?',
      'No thread',
      'Several contradictions or jumps',
      'One contradiction',
      'A small jump',
      'One clear thread',
    ],
    [
      'Zusammenhang',
      'Hat er einen klaren Faden?',
      'Kein Faden',
      'Mehrere Widersprüche oder Sprünge',
      'Ein Widerspruch',
      'Ein kleiner Sprung',
      'Ein klarer Faden',
    ],
  ),
  criterion(
    'origin',
    [
      'Real or made up?',
      'Did people have this dialogue, or did a program make it up?',
      'Surely made up',
      'Probably made up',
      'Probably real',
      'Surely real',
    ],
    [
      'Echt oder erfunden?',
      'Haben Menschen so gesprochen, oder hat ein Programm den Dialog erfunden?',
      'Sicher erfunden',
      'Eher erfunden',
      'Eher echt',
      'Sicher echt',
    ],
  ),
];

/** Every dialogue by itself: those of one summary are kept apart. */
export const auditSteps = (request: StudyRequest, item: (text: string) => DeskItem): DeskStep[] => {
  const summaries = request.dialogues ?? 20;
  return Array.from({ length: summaries * request.systems.length }, (_, step) => ({
    step,
    turns: [],
    items: [item(toText(data.dialogueOf(step % summaries)))],
    choice: null,
    submitted: false,
  }));
};

export const guesses = (request: StudyRequest): OriginGuesses[] =>
  request.systems.flatMap(({ synthesizer, label }) =>
    synthesizer === null
      ? []
      : [
          {
            system: synthesizer,
            dialogues: 40,
            guesses: 160,
            right: 96,
            share: 0.6,
            ci95: [0.523, 0.673],
            real_called_real: 0.7,
            made_called_real: 0.5,
            diff: 0.2,
            diff_ci95: [0.04, 0.36],
            p: 0.016,
            p_holm: 0.016,
            sentence: {
              en: `Real and made-up dialogues (${label}) were told apart in 60 % of 160 guesses (95 % interval 52 to 67; a coin: 50).`,
              de: `Echte und erfundene Dialoge (${label}) wurden bei 60 % von 160 Einschätzungen richtig erkannt (95-%-Intervall 52 bis 67; eine Münze: 50).`,
            },
          },
        ],
  );
