// Warum ein Modell in der Liste der Downloads steht, nach seinem Namen. Auf Englisch sagt es seine Datei (`models/*.toml`);
// ein Test hält diese Liste vollständig.

export const catalogue: Record<string, string> = {
  'gemma-3-1b-it':
    'Das nächstgrößere Gemma, für viele Sprachen; Googles Bedingungen müssen im Hub angenommen werden.',
  'gemma-3-270m-it':
    'Sehr klein, mit einem Vokabular für 140 Sprachen; Googles Bedingungen müssen im Hub angenommen werden.',
  'granite-4.1-3b':
    'Zwölf Sprachen unter einer freien Lizenz; seine Beschreibung nennt das Zusammenfassen, und dahinter steht eine große Firma.',
  'llama-3.1-8b-instruct': 'Familie und Größe der Veröffentlichung: zum Vergleich mit ihren Tabellen.',
  'llama-3.2-1b-instruct': 'Weit verbreitet und gut verstanden; seine Lizenz muss im Hub angenommen werden.',
  'llama-3.2-3b-instruct':
    'Das größere der beiden kleinen Llamas; seine Lizenz muss im Hub angenommen werden.',
  'minicpm5-1b':
    'Nach eigenen Angaben das stärkste mit 1 Mrd. Parametern, auf Englisch und Chinesisch; es kann nachdenken, bevor es antwortet.',
  'mistral-7b-instruct-v0.3': 'Flüssig in europäischen Sprachen, unter einer freien Lizenz.',
  'phi-4-mini-instruct':
    'Viele Sprachen und ein langer Kontext unter der freiesten Lizenz; ein Vokabular von 200.000 macht seine Logits groß.',
  'qwen2.5-0.5b-instruct': 'Das kleinste für viele Sprachen.',
  'qwen2.5-1.5b-instruct': 'Viele Sprachen und ordentliche Zusammenfassungen mit 16 GB Arbeitsspeicher.',
  'qwen2.5-14b-instruct': 'Das größte hier: für einen Arbeitsplatzrechner mit viel Speicher.',
  'qwen2.5-7b-instruct':
    'Die Größe der Veröffentlichung unter einer freien Lizenz, stark in vielen Sprachen.',
  'qwen3-0.6b': 'Neuer als Qwen2.5-0.5B, mit längerem Kontext; es kann nachdenken, bevor es antwortet.',
  'qwen3-1.7b': 'Eine gute Mitte für viele Sprachen auf einem Laptop.',
  'qwen3-4b': 'Nahe an der Güte älterer Modelle mit 7 Mrd. Parametern, mit halb so viel Speicher.',
  'qwen3-4b-instruct-2507':
    'Antwortet sofort, ohne erst nachzudenken: in veröffentlichten Vergleichen das beste mit 4 Mrd. Parametern, um es für eine Aufgabe zu trainieren.',
  'qwen3-8b': 'Das stärkste seiner Größe hier unter einer freien Lizenz.',
  'smollm2-1.7b-instruct': 'Das beste Englisch unter 2 Mrd. Parametern, unter einer freien Lizenz.',
  'smollm2-135m-instruct':
    'Das kleinste, das ein Gespräch führen kann: um das ganze Verfahren auszuprobieren, mit schlichten Texten.',
  'smollm2-360m-instruct': 'Merklich bessere Dialoge als 135M und klein genug für einen Laptop.',
  'smollm3-3b':
    'Sechs europäische Sprachen unter einer freien Lizenz, offen entwickelt; es denkt nach, bevor es antwortet, wenn man es nicht abstellt.',
  'tinyllama-1.1b-chat': 'Aus vielen Anleitungen bekannt; neuere seiner Größe sind besser.',
};
