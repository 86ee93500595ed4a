/** A request as routing sees it. */
export type RouteRequest = { method: string; path: string };

/** The route that a request goes to, and what its path variables hold. */
export type RouteMatch = { routeKey: string; pathParameters: Record<string, string> };

/**
 * Chooses a route: a full match first, then one with a greedy variable, then `$default`; a named method
 * before `ANY`.
 * Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 */
export function matchRoute(routeKeys: Iterable<string>, request: RouteRequest): RouteMatch | undefined {
  const matches = [...routeKeys].flatMap((routeKey) => {
    const match = tryRoute(routeKey, request);
    return match === undefined ? [] : [match];
  });
  matches.sort((a, b) => a.rank - b.rank);
  return matches[0]?.match;
}

function tryRoute(routeKey: string, request: RouteRequest): { rank: number; match: RouteMatch } | undefined {
  if (routeKey === '$default') return { rank: 1000, match: { routeKey, pathParameters: {} } };
  const [method = '', template = ''] = routeKey.split(' ');
  if (method !== 'ANY' && method !== request.method) return undefined;

  const found = pathPattern(template).exec(request.path);
  if (found === null) return undefined;
  const isGreedy = template.includes('+}');
  const variables = template.match(/\{/g)?.length ?? 0;
  return {
    rank: (isGreedy ? 100 : 0) + variables * 2 + (method === 'ANY' ? 1 : 0),
    match: { routeKey, pathParameters: { ...found.groups } },
  };
}

function pathPattern(template: string): RegExp {
  const pattern = template
    .split(/(\{[^}]+\})/)
    .map((part) => {
      const [, name, plus] = /^\{([^}+]+)(\+?)\}$/.exec(part) ?? [];
      if (name === undefined) return part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
      return plus === '+' ? `(?<${name}>.+)` : `(?<${name}>[^/]+)`;
    })
    .join('');
  return new RegExp(`^${pattern}$`);
}
