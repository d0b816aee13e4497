// Woher die Vorgabe einer Einstellung kommt, nach den Worten der Maschine (`project/src/recipe.rs`); ein Test hält diese Liste
// vollständig.

export const sources: Record<string, string> = {
  argued: 'begründet',
  "argued from the paper's 2e-4 to 2e-5": 'begründet aus 2e-4 bis 2e-5 der Veröffentlichung',
  'argued: runs stay as they were; export asks':
    'begründet: Läufe bleiben, wie sie waren; gefragt wird beim Export',
  'argued: 1 / 0.92 tries on average in the paper':
    'begründet: im Mittel 1 / 0,92 Versuche in der Veröffentlichung',
  'argued: 1 to 3': 'begründet: 1 bis 3',
  'argued: 16 to 32': 'begründet: 16 bis 32',
  'argued: 1:1': 'begründet: 1:1',
  'argued: SimPO 5, PACE warns of large N': 'begründet: SimPO 5, PACE warnt vor großem N',
  'argued: a large validation set is not few-shot':
    'begründet: mit vielen Validierungspaaren wären es nicht mehr wenige Beispiele',
  'argued: a phrase of 2 to 5 words': 'begründet: eine Wendung von 2 bis 5 Wörtern',
  'argued: above the longest real summaries': 'begründet: mehr als die längsten echten Zusammenfassungen',
  'argued: early stopping ends it first': 'begründet: das frühe Anhalten kommt zuvor',
  'argued: equal to IDS': 'begründet: gleich viel wie IDS',
  'argued: instruct models need none, small ones copy them':
    'begründet: angeleitete Modelle brauchen keine, kleine schreiben sie ab',
  'argued: one prompt everywhere': 'begründet: überall dieselbe Anweisung',
  'argued: prompting fails below 1 B parameters':
    'begründet: unter 1 Mrd. Parametern genügt eine Anweisung nicht',
  'argued: real and synthetic': 'begründet: echte und synthetische',
  'argued: a better format rate must not buy more data':
    'begründet: wer das Format besser trifft, soll nicht mehr Daten bekommen',
  'argued: what is written keeps the format by construction':
    'begründet: was geschrieben wird, hält das Format von selbst',
  'argued; the paper has one rate': 'begründet; die Veröffentlichung hat nur eine Rate',
  "paper's tables; nothing is trained for them alone":
    'Tabellen der Veröffentlichung; dafür allein wird nichts trainiert',
  'argued: small sets': 'begründet: kleine Mengen',
  'argued: stage 1 must be clearly larger than the real set':
    'begründet: Stufe 1 muss deutlich mehr haben als die echten Paare',
  'argued: the format the rule asks for': 'begründet: das Format, das die Regel verlangt',
  'argued: variety': 'begründet: Vielfalt',
  'argued; PACE: scorer noise': 'begründet; PACE: Rauschen der Bewertung',
  'argued; format rates depend on it': 'begründet; davon hängt ab, wie oft das Format stimmt',
  'bounds the time': 'begrenzt die Zeit',
  'common for LoRA': 'üblich bei LoRA',
  'f32 is exact; PEFT reads both': 'f32 ist exakt; PEFT liest beide',
  'common recipes': 'übliche Rezepte',
  'equal search for all: under-tuned SFT is a false gain':
    'gleiche Suche für alle: ein schlecht eingestelltes SFT täuschte einen Gewinn vor',
  'measured: 0.4 % of real pairs': 'gemessen: 0,4 % der echten Paare',
  'measured: 74 % of SAMSum, 0.1 % of MTS-Dialog': 'gemessen: 74 % bei SAMSum, 0,1 % bei MTS-Dialog',
  'measured: 99 % of real pairs are below': 'gemessen: 99 % der echten Paare liegen darunter',
  memory: 'Speicher',
  'memory and speed': 'Speicher und Geschwindigkeit',
  'docs/method.md': 'docs/method.md',
  'nothing is changed silently': 'nichts wird stillschweigend geändert',
  'nothing is chosen silently': 'nichts wird stillschweigend gewählt',
  'paper: one': 'Veröffentlichung: eine',
  'RLHFlow: a reference that moves is unstable': 'RLHFlow: mit wandernder Referenz wird es unruhig',
  'arXiv 2404.01413: replacing collapses': 'arXiv 2404.01413: ersetzte Daten führen zum Kollaps',
  "paper's tables": 'Tabellen der Veröffentlichung',
  'paper: 100 and 300': 'Veröffentlichung: 100 und 300',
  'paper: 2.0e-5': 'Veröffentlichung: 2,0e-5',
  'paper: the full test set': 'Veröffentlichung: der ganze Testteil',
  // Arbeiten anderer
  'Chen et al. 2016; memory alone': 'Chen u. a. 2016; nur der Speicher',
  'Dettmers et al. 2023; none is exact': 'Dettmers u. a. 2023; none ist genau',
  'Fan et al. 2018; off': 'Fan u. a. 2018; aus',
  'Keskar et al. 2019; off': 'Keskar u. a. 2019; aus',
  'LoRA without regret: below 32': 'LoRA without regret: unter 32',
  'Meister et al. 2023; off': 'Meister u. a. 2023; aus',
  'Meng et al. 2024; TRL': 'Meng u. a. 2024; TRL',
  'Mitchell 2023; Chowdhury et al. 2024; TRL': 'Mitchell 2023; Chowdhury u. a. 2024; TRL',
  'Nguyen et al. 2024; off': 'Nguyen u. a. 2024; aus',
  'Pal et al. 2024': 'Pal u. a. 2024',
  'argued: an accuracy of 0.75 is then known to within 0.08':
    'begründet: eine Genauigkeit von 0,75 ist dann auf 0,08 genau bekannt',
  'argued: it is said and nothing is changed silently':
    'begründet: es wird gesagt, und nichts ändert sich stillschweigend',
  'paper: the base model': 'Veröffentlichung: das Basismodell',
  'Pang et al. 2024 (Iterative RPO)': 'Pang u. a. 2024 (Iterative RPO)',
  'Park et al. 2024: length exploitation': 'Park u. a. 2024: Belohnung durch bloße Länge',
  'Rafailov et al. 2023; TRL': 'Rafailov u. a. 2023; TRL',
  "Rafailov et al. 2023; TRL's loss_type": 'Rafailov u. a. 2023; loss_type von TRL',
  'Self-Instruct': 'Self-Instruct',
  'SimPO recipe': 'Rezept von SimPO',
  'TRL: about 1e-5 for adapters': 'TRL: etwa 1e-5 für Adapter',
  'Zephyr QLoRA recipe; LoRA without regret': 'QLoRA-Rezept von Zephyr; LoRA without regret',
  'torch ReduceLROnPlateau': 'ReduceLROnPlateau von torch',
  "torch ReduceLROnPlateau; fits the paper's 2e-4 to 2e-5":
    'ReduceLROnPlateau von torch; passt zu 2e-4 bis 2e-5 der Veröffentlichung',
};
