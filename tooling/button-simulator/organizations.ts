/** A party at Button: a Publisher, or a Brand. */
export type Organization = { readonly id: string; readonly name: string };

/** A Brand and the API key that it signs in with. */
export type Brand = { readonly apiKey: string; readonly organization: Organization };
