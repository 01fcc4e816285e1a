/** In code points, after NFKC (NIST SP 800-63B-4 section 3.1.1.2). */
export const shortestPassword = 8;
export const longestPassword = 256;
