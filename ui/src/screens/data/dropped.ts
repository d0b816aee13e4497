// Texts that were pasted or dropped: the name under which a pasted one is kept shows the import its format.

export interface Dropped {
  name: string;
  text: string;
}

/** Dropped files, read completely. */
export const readAll = (files: Iterable<File>): Promise<Dropped[]> =>
  Promise.all([...files].map(async (file) => ({ name: file.name, text: await file.text() })));

/** A pasted text with a name whose ending fits it: a colon in the first line makes a transcript. */
export function pasted(text: string, name: string): Dropped {
  const begin = text.trimStart();
  const header = begin.split('\n', 1)[0] ?? '';
  const ending = begin.startsWith('[')
    ? 'json'
    : begin.startsWith('{')
      ? 'jsonl'
      : header.includes('\t')
        ? 'tsv'
        : /[:#]|^\d+\s*$|^WEBVTT/.test(header)
          ? 'txt'
          : 'csv';
  return { name: `${name}.${ending}`, text };
}
