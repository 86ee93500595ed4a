const POLICY = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self'",
  'connect-src': "'self'",
  'frame-src': "'self'",
  'form-action': "'none'",
  'base-uri': "'none'",
  'frame-ancestors': "'none'",
};

/** The headers of every answer: nothing inline, nothing from elsewhere, nothing kept, in no frame. */
export const STRICT_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': policyOf(POLICY),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** The boards are one HTML page with its styles inside it and without scripts. Only our page may frame it. */
export const BOARD_HEADERS: Readonly<Record<string, string>> = {
  ...STRICT_HEADERS,
  'content-security-policy': policyOf({
    ...POLICY,
    'script-src': "'none'",
    'style-src': "'unsafe-inline'",
    'connect-src': "'none'",
    'frame-src': "'none'",
    'frame-ancestors': "'self'",
  }),
  'x-frame-options': 'SAMEORIGIN',
};

function policyOf(policy: Readonly<Record<string, string>>): string {
  return Object.entries(policy)
    .map(([directive, sources]) => `${directive} ${sources}`)
    .join('; ');
}
