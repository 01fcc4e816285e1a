/** The handler is to blame, which is told from a store that is away. */
export class HandlerFailed extends Error {
  override name = 'HandlerFailed';
}
