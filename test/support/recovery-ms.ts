/**
 * How long a fail-over may take. The bar is 5 s; on a machine that runs the whole suite at once only a hang may fail it, so
 * it is held in `npm run test:chaos`, and told everywhere.
 */
export const recoveryMs = process.env.SALLYPORT_CHAOS ? 5_000 : 60_000;
