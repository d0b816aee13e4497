// Which column plays which part, in the words of the import (`dialogue=C,summary=C,C2,id=C`).
import type { ColumnRole } from '../../bridge';

export const roles = ['dialogue', 'summary', 'id', 'split', 'none'] as const;
export type Role = (typeof roles)[number];

export const roleOf = (mapping: ColumnRole[], column: string): Role =>
  roles.find((role) => mapping.some((entry) => entry.column === column && entry.role === role)) ?? 'none';

/** The mapping with another role for one column; every role but the summary belongs to one column only. */
export function withRole(mapping: ColumnRole[], column: string, role: Role): ColumnRole[] {
  const others = mapping.filter(
    (entry) => entry.column !== column && (role === 'summary' || entry.role !== role),
  );
  return role === 'none' ? others : [...others, { role, column }];
}

/** The mapping in words, or none while the dialogue is missing, or the summary where each dialogue needs one. */
export function mapText(mapping: ColumnRole[], mayLackSummary = false): string | undefined {
  const part = (role: Role) => {
    const columns = mapping.filter((entry) => entry.role === role).map((entry) => entry.column);
    return columns.length > 0 ? `${role}=${columns.join(',')}` : '';
  };
  if (part('dialogue') === '' || (part('summary') === '' && !mayLackSummary)) return undefined;
  return roles.map(part).filter(Boolean).join(',');
}

export const turnParts = ['text', 'speaker', 'group', 'summary'] as const;
export type TurnPart = (typeof turnParts)[number];

/** The columns of a table with one turn a row, as the import words them (`text=C,speaker=C,group=C`). */
export function turnText(columns: Record<TurnPart, string | null>): string {
  return turnParts
    .filter((part) => (columns[part] ?? '') !== '')
    .map((part) => `${part}=${columns[part]}`)
    .join(',');
}
