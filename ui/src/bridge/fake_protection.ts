// The stand-in of a protected workspace: one passphrase, one recovery key, locked or not.
import type { AppError, Protection, SlotKind, StartState } from './index';

export const WORKSPACE = '/home/ada/.local/share/duologue';

/** What a start with a protected workspace looks like. */
export const lockedStart: Partial<StartState> = {
  problem: { code: 'key_needed', args: { file: WORKSPACE } },
  locked: true,
  protected: true,
};

const recoveryKey = '000G4-0R40M-30E20-9185G-R38E1-W6';

export class FakeProtection {
  /** How the window started, where it is not as usual. */
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
