// The stand-in of a protected workspace: one passphrase, one recovery key, locked or not.
import type { AppError, NetworkRow, NetworkState, Protection, SlotKind, StartState } from './index';

export const WORKSPACE = '/home/ada/.local/share/duologue';

/** What a start with a protected workspace looks like. */
export const lockedStart: Partial<StartState> = {
  problem: { code: 'key_needed', args: { file: WORKSPACE } },
  locked: true,
  protected: true,
};

const recoveryKey = '000G4-0R40M-30E20-9185G-R38E1-W6';

/** A connection as the ledger has it. */
export const networkRow = (row: Partial<NetworkRow>): NetworkRow => ({
  id: 1,
  at_ms: 1.79e12,
  process: 'models add',
  purpose: 'model HuggingFaceTB/SmolLM2-135M-Instruct',
  host: 'huggingface.co',
  port: 443,
  sent_bytes: 700,
  received_bytes: 0,
  duration_ms: null,
  outcome: 'ok',
  ...row,
});

export class FakeProtection {
  networkLocked = false;
  /** The ledger, the newest line first. */
  connections: NetworkRow[] = [];
  async networkState(): Promise<NetworkState> {
    return { locked: this.networkLocked, kernel: true, rows: this.connections };
  }
  async lockNetwork(locked: boolean) {
    this.networkLocked = locked;
    return null;
  }
  /** How the window started, if not in the usual way. */
  protected startsAs: Partial<StartState> = {};
  /** The passphrase of the workspace, once it is protected. */
  secret: string | undefined;
  async protection(): Promise<Protection> {
    const slots: SlotKind[] = this.secret === undefined ? [] : ['passphrase', 'recovery'];
    return { protected: this.secret !== undefined, slots };
  }
  async unlock(secret: string) {
    const file = WORKSPACE;
    const wrong: AppError = { code: 'wrong_key', args: { file } };
    if (secret !== (this.secret ?? 'drei blaue Hüte')) throw wrong;
    this.secret = secret;
    this.startsAs = {};
    return null;
  }
  async lock() {
    this.startsAs = lockedStart;
    return null;
  }
  async protect(passphrase: string) {
    const short: AppError = { code: 'short_passphrase', args: { least: 8 } };
    if (passphrase.length < 8) throw short;
    this.secret = passphrase;
    return recoveryKey;
  }
  async backUp(): Promise<string | null> {
    return '/home/ada/duologue-backup.zip';
  }
  async unprotect() {
    this.secret = undefined;
    return null;
  }
  async changePassphrase(passphrase: string) {
    this.secret = passphrase;
    return null;
  }
  async changeRecoveryKey() {
    return recoveryKey;
  }
}
