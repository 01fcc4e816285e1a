import { createLogger } from '@sallyport/logger';

export const silent = createLogger('test', 'silent');
