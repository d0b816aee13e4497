// Was einem Plan fehlt und wie Zeilen aufgeteilt wurden, nach den Sätzen der Maschine (`mrds/src/forecast`,
// `project/src/import/split.rs`): In deren Klammern steht ein Wert. Ein Test hält diese Listen vollständig.
import { names } from './names';

type Say = (...values: string[]) => string;

/** Werte, die selbst Wörter sind. */
export const things: Record<string, string> = {
  'training examples': 'Beispiele zum Training',
  'validation examples': 'Beispiele zur Validierung',
  'test examples': 'Beispiele zum Test',
  memory: 'Arbeitsspeicher',
  'disk space': 'Platz auf der Platte',
  ...names.split,
};

const comma = (value: string) => value.replace('.', ',');

export const phrases: Record<string, Say> = {
  '{what}: the recipe asks for {need}, the data set has {have}': (what: string, need: string, have: string) =>
    `${what}: Das Rezept verlangt ${need}, der Datensatz hat ${have}`,
  'the model is not on this computer: `duologue models add {id}`': (id: string) =>
    `Das Modell ${id} ist nicht auf diesem Rechner; unter „Modelle“ lässt es sich laden`,
  '{what}: {:.1} GB are needed, {:.1} GB are free': (what: string, need: string, free: string) =>
    `${what}: ${comma(need)} GB werden gebraucht, ${comma(free)} GB sind frei`,
  'every row is {split}, as asked': (split: string) => `Jede Zeile gehört wie verlangt zum Teil „${split}“`,
  'by the split column': () => 'nach der Spalte, die den Teil nennt',
  "by the files' names; a file whose name tells nothing is train": () =>
    'nach den Namen der Dateien; sagt ein Name nichts, dann Training',
  'drawn 80/10/10 into train, validation and test with seed {}': (seed: string) =>
    `80/10/10 auf Training, Validierung und Test verteilt, gezogen mit Startwert ${seed}`,
};
