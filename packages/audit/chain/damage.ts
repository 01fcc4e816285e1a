/** What can be wrong with a log; docs/audit.md has a row for each. */
export const damageKinds = {
  unreadable: 'is no event',
  altered: "isn't what its hash says",
  deleted: 'is missing',
  inserted: 'an event too many stands here',
  swapped: 'changed places with the next one',
  're-hashed': 'was changed and hashed anew: what follows, or a checkpoint, knows it by another hash',
  'personal-altered': 'has personal data that its personal_hash does not know',
  'personal-removed': 'has lost its personal data, and no later sallyport.audit.erased says why',
  'checkpoint-wrong': 'is a checkpoint that disagrees with the log',
  'signature-wrong': 'is a checkpoint whose signature is wrong',
  'unknown-key': 'is a checkpoint that none of the keys has signed',
  'cut-head': 'the log begins too late',
  'cut-tail': 'the log ends too early',
  'other-log': 'is of another log than the checkpoint that was saved',
} as const;

export type DamageKind = keyof typeof damageKinds;

export interface Damage {
  outcome: 'damaged';
  /** The first bad number: what is bad, or was due there. */
  sequence: number;
  /** Where the place can't be told exactly, it lies from `sequence` to here. */
  until?: number;
  damage: DamageKind;
  /** One sentence. */
  says: string;
}

/** Damage in words: `says` in place of what its kind generally means. */
export function damaged(sequence: number, damage: DamageKind, says: string = damageKinds[damage]): Damage {
  return { outcome: 'damaged', sequence, damage, says: `${sequence} ${says}` };
}

/** Damage whose place lies between two numbers. */
export function damagedWithin(sequence: number, until: number, damage: DamageKind, says: string): Damage {
  if (until <= sequence) return damaged(sequence, damage, says);
  return { outcome: 'damaged', sequence, until, damage, says: `one of ${sequence} to ${until} ${says}` };
}
