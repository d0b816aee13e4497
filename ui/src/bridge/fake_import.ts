// What the fake bridge finds in files: their names decide (bad, leak, missing).
import * as data from './fake_data';
import type { AppError, ImportIssue, ImportReport, ImportRequest } from './index';

/** Fails as the real bridge does. */
export const refuse = (error: AppError): never => {
  throw error;
};

/** What an import would do. */
export function reportOf(request: ImportRequest, mended: boolean): ImportReport {
  const file = request.files[0] ?? '';
  if (file.includes('missing')) refuse({ code: 'not_found', args: { case: 'file', file } });
  const bad = file.includes('bad') && !mended ? 2 : 0;
  const issues: ImportIssue[] = [
    {
      file,
      bad: true,
      row: 14,
      field: 'summary',
      code: 'empty_summary',
      reason: 'The summary is empty.',
    },
    {
      file,
      bad: true,
      row: 37,
      field: 'dialogue',
      code: 'missing_dialogue',
      reason: 'No turn could be read.',
    },
  ];
  return {
    dataset: request.name,
    format: 'JSON Lines',
    mapping:
      request.map === ''
        ? [
            { role: 'dialogue', column: 'dialogue' },
            { role: 'summary', column: 'summary' },
          ]
        : request.map.split(',').map((part) => {
            const [role = '', column = ''] = part.split('=');
            return { role, column };
          }),
    read: 60,
    imported: 60 - bad,
    bad_rows: bad,
    detection: 'detected',
    columns: ['id', 'dialogue', 'summary', 'topic'],
    cells: [0, 2, 3].map((at) => data.cells(at)),
    split_rule: { rule: 'drawn', seed: 0, shares: { train: 70, validation: 15, test: 15 } },
    splits: { train: 40 - bad, validation: 10, test: 10 },
    references_min: 1,
    references_max: 1,
    leaks: file.includes('leak') ? [{ id: 'row-7', with: 'row-52' }] : [],
    issues: issues.slice(0, bad),
    remarks: [],
    sources: [
      {
        file,
        format: 'jsonl',
        encoding: 'utf-8',
        encoding_guessed: false,
        sample: null,
        separator: null,
        inside: null,
        sheet: null,
      },
    ],
    account: { unit: 'row', read: 60, imported: 60 - bad, skipped: bad, merged: 0, dropped: 0 },
    dropped: [],
    dropped_by: [],
    unsummarised: 0,
    import: null,
    sample: [data.example(0), data.example(2)],
  };
}
