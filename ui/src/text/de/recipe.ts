// Was jede Einstellung eines Rezepts bewirkt. Auf Englisch sagt es die Maschine selbst (`project/src/recipe.rs`); ein Test
// hält diese Liste vollständig.

export const recipe: Record<string, string> = {
  shots:
    'Echte Paare, aus denen gelernt wird, aus dem Trainingsteil gezogen (100 sind eine Teilmenge von 300); höchstens so viele, außer wenn Sie eine Zahl eingeben.',
  validation:
    'Echte Paare, nach denen Zwischenstände gewählt werden; aus dem Validierungsteil, sonst aus ungenutzten Trainingspaaren; höchstens so viele, außer wenn Sie eine Zahl eingeben.',
  test_items: 'Testpaare; 0 nimmt den ganzen Testteil.',
  too_long:
    'Was mit einem Dialog geschieht, der länger ist als der Kontext: ablehnen (refuse), weglassen (drop) oder am Ende kürzen (cut_dialogue_end).',
  prompt_summarize:
    'Anweisung vor einem Dialog, der zusammenzufassen ist; dieselbe im Training, in der Bewertung und im Gebrauch.',
  prompt_candidates:
    'Andere Anweisungen, die zero_shot stattdessen haben darf; die kleinste CE der Zusammenfassungen zur Validierung wählt. Keine: Es hat die Anweisung aller.',
  prompt_topic: 'Anweisung vor einer Zusammenfassung, nach deren Thema gefragt wird.',
  prompt_summary: 'Anweisung vor einem Thema, zu dem eine Zusammenfassung gesucht ist.',
  prompt_dialogue: 'Anweisung vor einer Zusammenfassung, zu der ein Dialog gesucht ist.',
  topic_demos: 'Echte Zusammenfassungen als Beispiele bei der Frage nach einem Thema (0 bis 3).',
  topic_max_new_tokens: 'Längstes Thema.',
  summary_method: 'Wie neue Zusammenfassungen entstehen: auto, prompt oder lora.',
  synthetic_per_shot: 'Synthetische Zusammenfassungen je echtem Paar.',
  summary_max_rounds: 'Runden des Ziehens, ehe weniger Zusammenfassungen hingenommen werden.',
  summary_temperature: 'Temperatur beim Ziehen von Zusammenfassungen.',
  summary_top_p: 'Nucleus (top-p) beim Ziehen von Zusammenfassungen.',
  summary_max_new_tokens: 'Längste Zusammenfassung, im Training und im Gebrauch.',
  novelty_rouge_l:
    'Eine Zusammenfassung, die einer früheren oder echten mindestens so nahe kommt (ROUGE-L F), fällt weg.',
  name_filter_share:
    'Anteil echter Zusammenfassungen, die zwei Personen nennen müssen, ehe es auch synthetische müssen.',
  summary_demos: 'Echte Zusammenfassungen als Stilbeispiele der Methode prompt.',
  lora_rank: 'Rang jedes Adapters.',
  lora_alpha: 'Zähler der Skalierung: W x + (alpha / Rang) B A x.',
  lora_dropout: 'Dropout vor A im überwachten Training.',
  adapter_dtype:
    'Zahlentyp, in dem trainierte Adapter aufbewahrt werden: f32 oder bf16, das ist halb so groß; sie werden gerundet, bevor etwas sie liest.',
  sft_lr:
    'Lernrate des überwachten Trainings; 0: 1e-3 unter 100 M Parametern, 5e-4 unter 1 Mrd., sonst 2e-4.',
  sft_batch_size: 'Sequenzen in einem überwachten Update.',
  sft_max_epochs: 'Höchstzahl der Epochen eines überwachten Trainings.',
  evals_per_epoch: 'Validierungen je Epoche (mindestens 10 Updates auseinander).',
  early_stop_evals: 'Validierungen ohne besseren Wert, die ein überwachtes Training beenden.',
  warmup_share: 'Aufwärmen als Anteil der höchstens möglichen Updates (nie über 10 Updates).',
  weight_decay: 'Entkoppelter Gewichtszerfall.',
  max_grad_norm: 'Schranke der Gradientennorm.',
  quantize:
    'Zahlentyp des eingefrorenen Basismodells im Speicher: none, q8_0, q4_0, q4_k oder q6_k; Adapter bleiben f32 (QLoRA).',
  tokens_per_microbatch:
    'Token, die zugleich gerechnet werden; bestimmt den Speicher und am Ergebnis nur die Rundung.',
  recompute:
    'Ob Trainings noch einmal rechnen, was sie nicht behalten: weniger Speicher, mehr Zeit, Bit für Bit dasselbe Ergebnis; on, off oder auto: an, wo ein Lauf sonst nicht in den freien Speicher passt.',
  generate_batch_size: 'Sequenzen, die nebeneinander erzeugt werden.',
  candidates_per_summary: 'Gezogene Dialoge je Zusammenfassung (K).',
  candidate_summaries: 'Welche Zusammenfassungen Kandidaten bekommen: synthetic oder both.',
  candidate_synthetic_limit: 'Höchstzahl synthetischer Zusammenfassungen mit Kandidaten; 0 nimmt alle.',
  dialogue_temperature: 'Temperatur beim Ziehen von Dialogen.',
  dialogue_top_p: 'Nucleus (top-p) beim Ziehen von Dialogen.',
  dialogue_top_k: 'Nur so viele der wahrscheinlichsten Token eines Dialogs dürfen gezogen werden; 0 ist aus.',
  dialogue_min_p:
    'Token eines Dialogs unter diesem Anteil der größten Wahrscheinlichkeit werden nicht gezogen; 0 ist aus.',
  dialogue_typical_p:
    'Masse der Token eines Dialogs, deren Information der erwarteten am nächsten ist; 1 ist aus.',
  dialogue_repetition_penalty:
    'Teilt die Logits von Token, die schon in Prompt oder Dialog stehen (negative werden multipliziert); 1 ist aus.',
  dialogue_max_new_tokens: 'Längster Dialog; einer, der vorher nicht endet, bricht die Formatregel.',
  min_gap: 'Kleinster Abstand eines Inhaltspaars, in Nats je Token.',
  min_gap_sd: 'Kleinster Abstand als Anteil der gemeinsamen Streuung innerhalb einer Zusammenfassung.',
  format_pairs_per_summary: 'Höchstzahl der Formatpaare aus einer Zusammenfassung.',
  length_balance: 'Größter Längenunterschied in einem Inhaltspaar, als Anteil des längeren.',
  copy_run_words:
    'Ein gewählter Dialog, der so viele Wörter seiner Zusammenfassung am Stück wiederholt, wird abgelehnt.',
  copy_share:
    'Ein gewählter Dialog, der mehr als diesen Anteil der 3-Gramme seiner Zusammenfassung enthält, wird abgelehnt.',
  pair_repeat: 'Wie oft die kleinere der beiden getrennten Mengen wiederholt werden darf.',
  dpo_loss:
    'Verlust der Präferenzen: sigmoid, robust, ipo, apo_zero, sigmoid_norm, dpop, simpo oder orpo; simpo und orpo kommen ohne Referenzmodell aus.',
  dpo_beta:
    'Beta des Präferenzverlusts; Verluste je Token (sigmoid_norm, simpo) wollen ein größeres, etwa 2.',
  dpo_label_smoothing:
    'Angenommener Anteil falscher Präferenzen, mindestens 0 und unter 0,5; gilt für sigmoid und robust.',
  dpop_lambda: 'Gewicht der Strafe auf verlorene Wahrscheinlichkeit des gewählten Dialogs; gilt für dpop.',
  simpo_gamma: 'Zielabstand der Belohnungen; gilt für simpo.',
  dpo_sft_weight: 'Gewicht des SFT-Terms (Mittel über die Token).',
  dpo_sft_target: 'Worauf der SFT-Term zielt: real oder chosen.',
  dpo_lr: 'Lernrate der Ausrichtung; 0: 1e-4 unter 100 M Parametern, 5e-5 unter 1 Mrd., sonst 1e-5.',
  dpo_batch_size: 'Paare in einem Update.',
  scorer:
    'Wessen Wahrscheinlichkeit der Zusammenfassung zwischen Dialogen wählt: base (das Basismodell), tuned (der Zusammenfasser, wie er bis dahin ist; Kandidaten entstehen dann nur zu künstlichen Zusammenfassungen, denn die echten kennt er), model (ein anderes Modell) oder none (nur Formpaare).',
  scorer_model: 'Ordner des anderen Modells, wenn dieses bewertet, oder sein Name im Arbeitsbereich.',
  rounds:
    'Wie oft die Schleife höchstens durchlaufen wird: neue Zusammenfassungen, Kandidaten des bisherigen Synthesizers, Paare, Ausrichtung, Dialoge, Zusammenfasser.',
  round_reference:
    'Woran spätere Runden gehalten werden: sft (der überwachte Synthesizer) oder last (der, mit dem sie beginnen).',
  round_data:
    'Woraus der Zusammenfasser einer Runde lernt: accumulate (die Dialoge aller Runden bis dahin) oder replace (nur die der eigenen).',
  round_min_gain:
    'Um wie viele Nat je Token eine Runde die Validierungs-CE senken muss, damit sie als Gewinn zählt.',
  round_patience: 'Runden ohne Gewinn, nach denen die Schleife endet.',
  judge_items: 'Validierungspaare, an denen der Prüfer erprobt wird, ehe Paare entstehen; 0 lässt das weg.',
  judge_action:
    'Was aus einem unfähigen Prüfer folgt: warn, stop oder adapt (seine Urteile zählen weniger oder gar nicht).',
  dpo_epochs: 'Durchgänge durch die Paare.',
  dpo_warmup_share: 'Aufwärmen als Anteil aller Updates.',
  dpo_checkpoints: 'Zwischenstände, die am Ende der Ausrichtung verglichen werden.',
  checkpoint_samples:
    'Dialoge, die je Zusammenfassung der Validierung gezogen werden, um einen Zwischenstand zu beurteilen.',
  checkpoint_summaries:
    'Zusammenfassungen der Validierung, nach denen ein Zwischenstand beurteilt wird; 0 nimmt alle.',
  checkpoint_format_slack:
    'Ein Zwischenstand darf gewinnen, solange seine Formatquote höchstens so weit unter der besten liegt.',
  leak_gate:
    'Was mit einem erfundenen Dialog geschieht, der ein echtes Gespräch preisgibt: mark (er wird gezählt), drop (er fällt weg) oder off.',
  dialogue_tries: 'Versuche je synthetischer Zusammenfassung, ehe sie wegfällt.',
  stage1_stop_scaled:
    'Ob sich diese Rate mit einer gesuchten Lernrate verschiebt, sodass Stufe 1 bei jeder Rate mit einer Senkung endet.',
  match_synthetic:
    'Ob jeder Synthesizer gleich viele künstliche Paare gibt, so viele wie der mit den wenigsten.',
  synthesizers:
    'Synthesizer, die an den Zusammenfassungen des Testteils verglichen werden; keiner: die, von denen die Systeme lernen, mit ihren Spielarten.',
  ids: 'turns (Zeile für Zeile, von selbst wohlgeformt) oder prefix (der längste gültige Anfang wird fortgesetzt).',
  ids_score:
    'Ob die schrittweise Synthese nach Zeilen (IDS) eine Zeile noch einmal zieht, die die Bewertung der Zusammenfassung um mehr als min_gap senkt.',
  ids_max_iterations: 'Korrekturen der schrittweisen Synthese (IDS), ehe sie endet oder aufgibt.',
  rejection_max_tries: 'Versuche des Verwerfungsverfahrens, ehe es aufgibt.',
  lr_search:
    'Lernraten, die jeder trainierte Zusammenfasser versucht, mal der Rate der Stufe; die Validierung (CE) wählt.',
  stage1_stop_lr: 'Stufe 1 endet, wenn der Plan diese Rate erreicht; 0 heißt ein Zehntel von sft_lr.',
  stage1_factor: 'Faktor, um den Stufe 1 die Rate senkt, wenn es nicht weitergeht.',
  stage2_factor: 'Faktor der Senkung in Stufe 2 und im Training nur auf echten Paaren.',
  stage2_reductions: 'Senkungen, die Stufe 2 und das Training nur auf echten Paaren beenden.',
  plateau_patience: 'Validierungen ohne Fortschritt vor einer Senkung.',
  plateau_threshold: 'Verhältnismäßiger Fortschritt, der zählt.',
  fixed_ratio_synthetic: 'Synthetische Paare je echtem in der festen Mischung.',
  systems: 'Zusammenfasser, die verglichen werden.',
  icl_examples: 'Echte Beispiele im Prompt der Zusammenfassung mit Beispielen, soweit sie passen.',
  synthesizer_items: 'Testzusammenfassungen, an denen Synthesizer verglichen werden; 0 nimmt alle.',
  bootstrap: 'Ziehungen jedes Bootstrap-Intervalls.',
};
