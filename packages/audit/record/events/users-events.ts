import { type Account, type Actor, type EventDraft, type Order, succeeded } from '../event-draft.ts';

export const userSignedUp = (account: Account, actor?: Actor): EventDraft =>
  succeeded('sallyport.user.signed_up', account, { actor });

export const userLocked = (account: Account, order: Order): EventDraft =>
  succeeded('sallyport.user.locked', account, order);

export const userUnlocked = (account: Account, order: Order): EventDraft =>
  succeeded('sallyport.user.unlocked', account, order);

export const userRolesChanged = (account: Account, order: Order): EventDraft =>
  succeeded('sallyport.user.roles_changed', account, order);

export const passwordChanged = (account: Account): EventDraft => succeeded('sallyport.password.changed', account);
