/*
 * A connection that is kept between two calls must not be ended by the service just as the next call is sent on it: that
 * call would be lost, and nothing is sent twice. A service that stops leaves kept connections alone for `graceMs`, and
 * tells those that are used meanwhile; a gateway uses none again that lay idle for `idleMs`, which is well below that.
 */

export const graceMs = 500;
export const idleMs = 300;
