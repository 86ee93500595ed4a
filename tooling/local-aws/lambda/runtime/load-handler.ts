import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
export type LambdaContext = {
  awsRequestId: string;
  callbackWaitsForEmptyEventLoop: boolean;
  functionName: string;
  functionVersion: string;
  invokedFunctionArn: string;
  logGroupName: string;
  logStreamName: string;
  memoryLimitInMB: string;
  getRemainingTimeInMillis(): number;
};

/** An async function of an event, as the function's code exports it. */
export type Handler = (event: unknown, context: LambdaContext) => unknown;

/** A reason for which Lambda does not run a function's code; `name` is the error type that it reports. */
class HandlerLoadError extends Error {
  constructor(name: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
  }
}

/**
 * Finds what `Handler` ("index.handler", "folder/index.handler") names in the function's code. Throws an
 * error named as nodejs24.x names it: `Runtime.ImportModuleError`, `Runtime.UserCodeSyntaxError`,
 * `Runtime.HandlerNotFound`, `Runtime.MalformedHandlerName`, `Runtime.CallbackHandlerDeprecated`; whatever
 * the code throws while it is loaded comes through unchanged.
 */
export async function loadHandler(taskRoot: string, handlerName: string): Promise<Handler> {
  const [, modulePath, exportPath] = /^(.*\/?[^/.]+)\.([^/]+)$/.exec(handlerName) ?? [];
  if (modulePath === undefined || exportPath === undefined) {
    throw new HandlerLoadError('Runtime.MalformedHandlerName', `Bad handler ${handlerName}`);
  }
  const found = findExport(await loadModule(taskRoot, modulePath), exportPath);
  if (found === undefined) {
    throw new HandlerLoadError('Runtime.HandlerNotFound', `${handlerName} is undefined or not exported`);
  }
  if (!isFunction(found)) {
    throw new HandlerLoadError('Runtime.HandlerNotFound', `${handlerName} is not a function`);
  }
  // https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html: callback handlers end with Node.js 22.
  if (found.length >= 3) {
    throw new HandlerLoadError(
      'Runtime.CallbackHandlerDeprecated',
      'AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. ' +
        'You need to modify this function to use a supported handler signature to use Node.js 24 or later.',
    );
  }
  return found;
}

async function loadModule(taskRoot: string, modulePath: string): Promise<unknown> {
  const file = ['.js', '.mjs', '.cjs']
    .map((extension) => join(taskRoot, modulePath + extension))
    .find(existsSync);
  if (file === undefined) {
    throw new HandlerLoadError('Runtime.ImportModuleError', `Error: Cannot find module '${modulePath}'`);
  }
  if (!existsSync(join(taskRoot, 'package.json'))) readJsFilesAsCommonJs(pathToFileURL(taskRoot).href);
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new HandlerLoadError('Runtime.UserCodeSyntaxError', String(error), { cause: error });
    }
    if (isModuleNotFound(error)) {
      throw new HandlerLoadError('Runtime.ImportModuleError', String(error), { cause: error });
    }
    throw error;
  }
}

/**
 * On Lambda there is no package.json above /var/task, so that `.js` is CommonJS. Here there may be one, and
 * it must not change what the code means.
 */
function readJsFilesAsCommonJs(rootUrl: string): void {
  registerHooks({
    load: (url, context, nextLoad) =>
      url.startsWith(`${rootUrl}/`) && url.endsWith('.js') && !url.includes('/node_modules/')
        ? nextLoad(url, { ...context, format: 'commonjs' })
        : nextLoad(url, context),
  });
}

/** The named export of an ES module; of a CommonJS module, the property of `module.exports`. */
function findExport(module: unknown, exportPath: string): unknown {
  return descend(module, exportPath) ?? descend(property(module, 'default'), exportPath);
}

function descend(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>(property, value);
}

function property(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

function isFunction(value: unknown): value is Handler {
  return typeof value === 'function';
}

function isModuleNotFound(error: unknown): boolean {
  const code = property(error, 'code');
  return code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND';
}
