import { userInfo } from "node:os";
import { accountOf } from "./account-of.js";

/** Somebody for whom tsbuild must work. */
export interface Account {
  /** "root" or "an ordinary user", for test titles. */
  readonly title: string;
  readonly name: string;
  readonly home: string;
  readonly uid: number;
  readonly gid: number;
  /** What it sets for every tsbuild. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Root and the account that TSBUILD_TEST_ACCOUNT names; for an ordinary user: only that one. Root uses
 * the EROFS driver where it works; TSBUILD_TEST_SNAPSHOTTER names another one, for root alone.
 */
export const accounts: readonly Account[] = findAccounts();

/** True when the tests may act as others, mount, and change owners. */
export const testsRunAsRoot = userInfo().uid === 0;

function findAccounts(): readonly Account[] {
  const { uid, username } = userInfo();
  if (uid !== 0) return [accountOf(username)];
  const snapshotter = process.env["TSBUILD_TEST_SNAPSHOTTER"];
  if (snapshotter !== undefined) {
    const env = { TSBUILD_SNAPSHOTTER: snapshotter };
    return [{ ...accountOf("root"), title: `root, with the ${snapshotter} driver`, env }];
  }
  const name = process.env["TSBUILD_TEST_ACCOUNT"];
  if (name === undefined) throw new Error("name an ordinary user in TSBUILD_TEST_ACCOUNT");
  return [accountOf("root"), accountOf(name)];
}
