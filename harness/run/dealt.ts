/** What the dealing of keys comes to: the same in every run of one installation. */
import type { Credential, Deployment, Principal } from "../../protocol/endpoint.ts";
import { equalBytes } from "../../protocol/kit/bytes.ts";
import type { OpRecord } from "../../protocol/kit/operations.ts";
import type { Stores } from "./stores.ts";

/** What a deployment says of itself. */
export type Shown = Pick<Deployment, "publicValues" | "identities" | "credentials">;

export interface Dealt {
  readonly ops: readonly OpRecord[];
  /** As they were then; not modified. */
  readonly stores: Stores;
  readonly shown: Shown;
  /** What `longTermSecrets` said then, as far as it was asked. */
  readonly secrets: Map<Principal, readonly Uint8Array[]>;
}

const copies = (all: readonly Uint8Array[]): Uint8Array[] => all.map((bytes) => bytes.slice());

export function copyOfShown({ publicValues, identities, credentials }: Shown): Shown {
  const copy: { -readonly [K in keyof Shown]: Shown[K] } = {};
  if (publicValues !== undefined) copy.publicValues = copies(publicValues);
  if (identities !== undefined) copy.identities = copies(identities);
  if (credentials !== undefined) {
    copy.credentials = credentials.map((own) => ({
      ...own,
      user: own.user.slice(),
      password: own.password.slice(),
    }));
  }
  return copy;
}

type List = readonly (Uint8Array | Credential)[] | undefined;

export function isSameShown(a: List, b: List): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (!isSame(a[i] as Uint8Array | Credential, b[i] as Uint8Array | Credential)) return false;
  }
  return true;
}

function isSame(a: Uint8Array | Credential, b: Uint8Array | Credential): boolean {
  if (a instanceof Uint8Array) return b instanceof Uint8Array && equalBytes(a, b);
  return (
    !(b instanceof Uint8Array) &&
    a.principal === b.principal &&
    equalBytes(a.user, b.user) &&
    equalBytes(a.password, b.password)
  );
}
