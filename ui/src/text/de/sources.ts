// Woher die Vorgabe einer Einstellung kommt, nach den Worten der Maschine (`project/src/recipe.rs`); ein Test hält diese Liste
// vollständig.

export const sources: Record<string, string> = {
  'paper: 100 and 300': 'Veröffentlichung: 100 und 300',
  'paper: 2.0e-5': 'Veröffentlichung: 2,0e-5',
  'paper: its tables': 'Veröffentlichung: ihre Tabellen',
  'paper: its tables; nothing is trained for them alone':
    'Veröffentlichung: ihre Tabellen; dafür allein wird nichts trainiert',
  'paper: one': 'Veröffentlichung: eine',
  'paper: the base model': 'Veröffentlichung: das Basismodell',
  'paper: the full test set': 'Veröffentlichung: der ganze Testteil',
  'measured: 0.4 % of real pairs': 'gemessen: 0,4 % der echten Paare',
  'measured: 74 % of SAMSum, 0.1 % of MTS-Dialog': 'gemessen: 74 % bei SAMSum, 0,1 % bei MTS-Dialog',
  'measured: 99 % of real pairs are below': 'gemessen: 99 % der echten Paare liegen darunter',
  'argued: 1 / 0.92 tries on average in the paper':
    'begründet: im Mittel 1 / 0,92 Versuche in der Veröffentlichung',
  'argued: 1 to 3': 'begründet: 1 bis 3',
  'argued: 16 to 32': 'begründet: 16 bis 32',
  'argued: 1:1': 'begründet: 1:1',
  'argued: Chen et al. 2016; memory alone': 'begründet: Chen u. a. 2016; nur der Speicher',
  'argued: Dettmers et al. 2023; none is exact': 'begründet: Dettmers u. a. 2023; none ist genau',
  'argued: Fan et al. 2018; off': 'begründet: Fan u. a. 2018; aus',
  'argued: Keskar et al. 2019; off': 'begründet: Keskar u. a. 2019; aus',
  'argued: LoRA without regret: below 32': 'begründet: LoRA without regret: unter 32',
  'argued: Meister et al. 2023; off': 'begründet: Meister u. a. 2023; aus',
  'argued: Meng et al. 2024; TRL': 'begründet: Meng u. a. 2024; TRL',
  'argued: Mitchell 2023; Chowdhury et al. 2024; TRL': 'begründet: Mitchell 2023; Chowdhury u. a. 2024; TRL',
  'argued: Nguyen et al. 2024; off': 'begründet: Nguyen u. a. 2024; aus',
  'argued: PACE: scorer noise': 'begründet: PACE: Rauschen der Bewertung',
  'argued: Pal et al. 2024': 'begründet: Pal u. a. 2024',
  'argued: Pang et al. 2024 (Iterative RPO)': 'begründet: Pang u. a. 2024 (Iterative RPO)',
  'argued: Park et al. 2024: length exploitation': 'begründet: Park u. a. 2024: Belohnung durch bloße Länge',
  'argued: RLHFlow: a reference that moves is unstable':
    'begründet: RLHFlow: mit wandernder Referenz wird es unruhig',
  'argued: Rafailov et al. 2023; TRL': 'begründet: Rafailov u. a. 2023; TRL',
  "argued: Rafailov et al. 2023; TRL's loss_type": 'begründet: Rafailov u. a. 2023; loss_type von TRL',
  'argued: Self-Instruct': 'begründet: Self-Instruct',
  'argued: SimPO 5, PACE warns of large N': 'begründet: SimPO 5, PACE warnt vor großem N',
  'argued: SimPO recipe': 'begründet: Rezept von SimPO',
  'argued: TRL: about 1e-5 for adapters': 'begründet: TRL: etwa 1e-5 für Adapter',
  'argued: Zephyr QLoRA recipe; LoRA without regret':
    'begründet: QLoRA-Rezept von Zephyr; LoRA without regret',
  'argued: a better format rate must not buy more data':
    'begründet: wer das Format besser trifft, soll nicht mehr Daten bekommen',
  'argued: a few show the style and leave room for variety':
    'begründet: wenige zeigen den Stil und lassen Raum für Vielfalt',
  'argued: a gap within the noise of one summary teaches nothing':
    'begründet: ein Abstand im Rauschen einer Zusammenfassung lehrt nichts',
  'argued: a large validation set is not few-shot':
    'begründet: mit vielen Validierungspaaren wären es nicht mehr wenige Beispiele',
  'argued: a phrase of 2 to 5 words': 'begründet: eine Wendung von 2 bis 5 Wörtern',
  'argued: a real dialogue is the better example': 'begründet: ein echter Dialog ist das bessere Vorbild',
  'argued: a round costs as much as a run': 'begründet: eine Runde kostet so viel wie ein Lauf',
  'argued: a second rate, then the end': 'begründet: eine zweite Rate, dann das Ende',
  'argued: about the noise of a format rate on a hundred samples':
    'begründet: etwa das Rauschen eines Formatanteils bei hundert Beispielen',
  'argued: below it a gain is not worth a round': 'begründet: darunter lohnt ein Gewinn keine Runde',
  'argued: above most real chats': 'begründet: mehr als die meisten echten Chats',
  'argued: above the longest real summaries': 'begründet: mehr als die längsten echten Zusammenfassungen',
  'argued: an accuracy of 0.75 is then known to within 0.08':
    'begründet: eine Genauigkeit von 0,75 ist dann auf 0,08 genau bekannt',
  'argued: an epoch without a gain': 'begründet: eine Epoche ohne Gewinn',
  'argued: arXiv 2404.01413: replacing collapses':
    'begründet: arXiv 2404.01413: ersetzte Daten führen zum Kollaps',
  'argued: as many as usually fit into the context': 'begründet: so viele, wie meist in den Kontext passen',
  'argued: both sets count alike, and no pair is learnt by heart':
    'begründet: beide Mengen zählen gleich, und kein Paar wird auswendig gelernt',
  'argued: bounds the time': 'begründet: begrenzt die Zeit',
  'argued: common for LoRA': 'begründet: üblich bei LoRA',
  'argued: common recipes': 'begründet: übliche Rezepte',
  'argued: docs/method.md': 'begründet: docs/method.md',
  'argued: each costs samples': 'begründet: jeder kostet Beispiele',
  'argued: early stopping ends it first': 'begründet: das frühe Anhalten kommt zuvor',
  'argued: enough to go back from anywhere, and an end':
    'begründet: genug, um von überall zurückzugehen, und ein Ende',
  'argued: equal search for all: under-tuned SFT is a false gain':
    'begründet: gleiche Suche für alle: ein schlecht eingestelltes SFT täuschte einen Gewinn vor',
  'argued: equal to IDS': 'begründet: gleich viel wie IDS',
  'argued: f32 is exact; PEFT reads both': 'begründet: f32 ist exakt; PEFT liest beide',
  'argued: format rates depend on it': 'begründet: davon hängt ab, wie oft das Format stimmt',
  "argued: from the paper's 2e-4 to 2e-5": 'begründet: aus 2e-4 bis 2e-5 der Veröffentlichung',
  'argued: instruct models need none, small ones copy them':
    'begründet: angeleitete Modelle brauchen keine, kleine schreiben sie ab',
  'argued: it is said and nothing is changed silently':
    'begründet: es wird gesagt, und nichts ändert sich stillschweigend',
  'argued: less noise than one sample at three times its price':
    'begründet: weniger Rauschen als ein Beispiel zum dreifachen Preis',
  'argued: memory': 'begründet: Speicher',
  'argued: memory and speed': 'begründet: Speicher und Geschwindigkeit',
  'argued: none: one instruction for every system is the fairer comparison':
    'begründet: keine: eine Anweisung für alle ist der fairere Vergleich',
  'argued: nothing is changed silently': 'begründet: nichts wird stillschweigend geändert',
  'argued: nothing is chosen silently': 'begründet: nichts wird stillschweigend gewählt',
  'argued: off: it costs a scoring pass for each line': 'begründet: aus: es kostet je Zeile eine Bewertung',
  'argued: one prompt everywhere': 'begründet: überall dieselbe Anweisung',
  'argued: one summary must not outweigh the others':
    'begründet: eine Zusammenfassung soll die anderen nicht überwiegen',
  'argued: prompting fails below 1 B parameters':
    'begründet: unter 1 Mrd. Parametern genügt eine Anweisung nicht',
  'argued: real and synthetic': 'begründet: echte und synthetische',
  'argued: runs stay as they were; export asks':
    'begründet: Läufe bleiben, wie sie waren; gefragt wird beim Export',
  'argued: small sets': 'begründet: kleine Mengen',
  'argued: small sets need finer steps than stage 1':
    'begründet: kleine Mengen brauchen feinere Schritte als Stufe 1',
  'argued: with few pairs the best point may come within an epoch':
    'begründet: bei wenigen Paaren kommt der beste Stand vielleicht schon innerhalb einer Epoche',
  'argued: stage 1 must be clearly larger than the real set':
    'begründet: Stufe 1 muss deutlich mehr haben als die echten Paare',
  'argued: the format the rule asks for': 'begründet: das Format, das die Regel verlangt',
  'argued: the paper has one rate': 'begründet: die Veröffentlichung hat nur eine Rate',
  'argued: asks for a summary and nothing else':
    'begründet: fragt nach einer Zusammenfassung und sonst nichts',
  'argued: asks for the topic and nothing else': 'begründet: fragt nach dem Thema und sonst nichts',
  'argued: torch ReduceLROnPlateau': 'begründet: ReduceLROnPlateau von torch',
  "argued: torch ReduceLROnPlateau; fits the paper's 2e-4 to 2e-5":
    'begründet: ReduceLROnPlateau von torch; passt zu 2e-4 bis 2e-5 der Veröffentlichung',
  'argued: variety': 'begründet: Vielfalt',
  'argued: what is written keeps the format by construction':
    'begründet: was geschrieben wird, hält das Format von selbst',
};
