/** A start that can't go on for a reason its operator can act on: the message is one sentence, shown without a stack. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
