/**
 * Whether API Gateway hands a body on as text; any other comes in base64.
 * Source: https://aws.amazon.com/blogs/compute/handling-binary-data-using-amazon-api-gateway-http-apis/
 */
export function isTextType(contentType: string | undefined): boolean {
  const mediaType = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  return /^(text\/.*|application\/(json|javascript|xml|.+\+(json|xml)))$/.test(mediaType);
}
