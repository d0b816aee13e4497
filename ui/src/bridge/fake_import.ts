// What the fake bridge finds in files: their names decide (bad, leak, missing).
import * as data from './fake_data';
import type {
  AppError,
  DropReason,
  Example,
  ForgetPlan,
  ImportIssue,
  ImportReport,
  ImportRequest,
  Remark,
  RunSummary,
} from './index';

/** Fails as the real bridge does. */
export const refuse = (error: AppError): never => {
  throw error;
};

const repeated = (file: string): ImportIssue => ({
  file,
  bad: false,
  row: 21,
  field: 'dialogue',
  fault: { code: 'repeated_message', args: { text: 'Mara changed the topic', count: 6 } },
  more: 0,
});

const doubt = (file: string): ImportIssue => ({
  file,
  bad: false,
  row: 3,
  field: 'dialogue',
  fault: { code: 'unsure_speaker', args: { line: 'one more thing: call back', count: 1 } },
  more: 0,
});

/** What an import would do. */
export function reportOf(request: ImportRequest, mended: boolean): ImportReport {
  const file = request.files[0] ?? '';
  if (file.includes('missing')) refuse({ code: 'not_found', args: { case: 'file', file } });
  if (file.includes('photo') && request.encoding === null) refuse({ code: 'binary', args: { file } });
  const bad = file.includes('bad') && !mended ? 2 : 0;
  const issues: ImportIssue[] = [
    {
      file,
      bad: true,
      row: 14,
      field: 'summary',
      fault: { code: 'empty_summary' },
      more: 0,
    },
    {
      file,
      bad: true,
      row: 37,
      field: 'dialogue',
      fault: { code: 'missing_dialogue', args: { case: 'field' } },
      more: 0,
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
    detection: file.includes('guess') && request.map === '' ? 'please_check' : 'detected',
    columns: ['id', 'dialogue', 'summary', 'topic'],
    cells: [0, 2, 3].map((at) => data.cells(at)),
    split_rule: { rule: 'drawn', seed: 0, shares: { train: 70, validation: 15, test: 15 } },
    splits: { train: 40 - bad, validation: 10, test: 10 },
    references_min: 1,
    references_max: 1,
    leaks: file.includes('leak') ? [{ id: 'row-7', split: 'train', with: 'row-52', with_split: 'test' }] : [],
    issues: [
      ...issues.slice(0, bad),
      ...(file.includes('chat') && !request.drop_repeated ? [repeated(file)] : []),
      ...(file.includes('doubt') ? [doubt(file)] : []),
    ],
    remarks: remarksOf(file, request),
    sources: [
      {
        file,
        format: file.includes('chat') ? 'whatsapp_ios' : file.includes('latin') ? 'csv' : 'jsonl',
        encoding: request.encoding ?? (file.includes('latin') ? 'cp1252' : 'utf-8'),
        encoding_guessed: file.includes('latin') && request.encoding === null,
        sample: file.includes('latin') ? 'die Größe der Wohnung' : null,
        separator: file.includes('latin') ? (request.separator ?? 'semicolon') : null,
        inside: null,
        sheet: null,
      },
    ],
    ...(file.includes('chat') ? chatOf(file, request) : plain(bad)),
    unsummarised: 0,
    import: null,
    sample: [data.example(0), data.example(2)],
  };
}

const plain = (bad: number): Pick<ImportReport, 'account' | 'dropped' | 'dropped_by'> => ({
  account: { unit: 'row', read: 60, imported: 60 - bad, skipped: bad, merged: 0, dropped: 0 },
  dropped: [],
  dropped_by: [],
});

const chatLines: [DropReason, number, string][] = [
  ['media', 20, 'image omitted'],
  ['system', 9, 'Mara added Theo'],
  ['deleted', 5, 'This message was deleted.'],
  ['reaction', 3, 'Reacted with a heart'],
  ['repeated', 6, 'Mara changed the topic'],
];

/** A chat of 412 messages; what was let back in is not left out. */
function chatOf(
  file: string,
  { keep_dropped: kept, drop_repeated }: ImportRequest,
): Pick<ImportReport, 'account' | 'dropped' | 'dropped_by'> {
  const isOut = (reason: DropReason) => (reason === 'repeated' ? drop_repeated : !kept.includes(reason));
  const out = chatLines.filter(([reason]) => isOut(reason));
  const dropped = out.flatMap(([reason, n, text]) =>
    Array.from({ length: n }, (_, index) => ({ file, at: index * 11 + 1, reason, text })),
  );
  const { length } = dropped;
  return {
    account: { unit: 'message', read: 412, imported: 412 - length, skipped: 0, merged: 0, dropped: length },
    dropped,
    dropped_by: out.map(([reason, count]) => ({ reason, count })),
  };
}

function remarksOf(file: string, { turns }: ImportRequest): Remark[] {
  if (file.includes('chat')) return [{ case: 'sessions_by_gap', file, gap_hours: 8, sessions: 60 }];
  if (file.includes('turns') && turns === '')
    return [
      {
        case: 'turn_rows',
        file,
        text: 'dialogue',
        speaker: 'topic',
        group: 'id',
        summary: 'summary',
        dialogues: 60,
      },
    ];
  return [];
}

/** What goes with conversations that are forgotten. */
export function forgottenWith(dataset: string, pairs: Example[], runs: RunSummary[]): ForgetPlan {
  return {
    dataset,
    conversations: pairs.map(({ id, split }) => ({ id, split })),
    places: [
      { place: 'example', n: pairs.length },
      { place: 'run', n: runs.length },
      { place: 'adapter', n: 4 * runs.length },
    ],
    runs: runs.map(({ id }) => ({ run: id, recipe: '', command: `duologue run --dataset '${dataset}'` })),
    exports: [{ at_ms: 1.79e12, kind: 'bundle', from: runs[0]?.id ?? '', path: '/home/ada/clinic-run' }],
  };
}
