/**
 * Private idiom that earlier versions used, with the standard terms of the field.
 *
 * `text` rows are read in string literals, JSX, templates, comments, test names and documents;
 * `name` rows in identifiers and file names, split into words: `LayerDesk` and `layer-desk.ts` are
 * both read as `layer desk`. Matching ignores case, and a space in a pattern matches any white
 * space. Each row has an example that it must report and one that it must accept.
 */

export interface Wording {
  readonly where: 'text' | 'name';
  readonly pattern: RegExp;
  /** What to write instead, as the message of the check says it. */
  readonly use: string;
  readonly bad: string;
  readonly good: string;
}

const text = (pattern: RegExp, use: string, examples: readonly [string, string]): Wording => ({
  where: 'text',
  pattern,
  use,
  bad: examples[0],
  good: examples[1],
});

const name = (pattern: RegExp, use: string, examples: readonly [string, string]): Wording => ({
  where: 'name',
  pattern,
  use,
  bad: examples[0],
  good: examples[1],
});

/** What may follow "is no" in standard English. */
const afterNo = 'longer|more|such|need|way|different|less|better|worse|doubt|guarantee';

export const wordings: readonly Wording[] = [
  text(
    new RegExp(`(?<!there |there's |it )\\b(?:is|are|was|were) no (?!(?:${afterNo})\\b)[a-z]`),
    '"invalid …" or "is not a …"',
    ['"x" is no platform', 'there is no such image; it is no longer cached'],
  ),
  text(/\b(?:to|can|could|cannot|not) be had\b/, '"available" or "unavailable"', [
    'the layer could not be had',
    'the layer is unavailable',
  ]),
  text(/\banew\b/, '"again", "fresh" or "new"', ['inspect it anew', 'inspect it again']),
  text(/\bnothing came\b|\bnothing (?:is|was) to be\b/, 'what was empty: "stdin was empty"', [
    'nothing came',
    'stdin was empty',
  ]),
  text(/\bnothing stands? (?:behind|after)\b|\bstands? behind it\b/, '"missing … after …"', [
    'nothing stands behind "docker:"',
    'missing reference after "docker:"',
  ]),
  text(/\bknows? nothing\b|\bis known here\b/, '"no such …" or "does not depend on"', [
    'an engine knows nothing by this name',
    'no such image in the container engine',
  ]),
  text(/\bmay be asked\b|\basks? nothing\b/, '"access is disabled" or "does not access"', [
    'and none may be asked here',
    'registry access is disabled (--offline)',
  ]),
  text(
    /\bforeign (?:bytes?|input|json|text|strings?|names?|data|archives?|objects?|values?|documents?|files?|content)\b/,
    '"untrusted …"',
    ['names from foreign bytes', 'untrusted input; a foreign layer; a foreign key'],
  ),
  text(
    /\b(?:engine|image|job|container|node|process|worker|user|project|file|package|finding|artifact) (?:is|are) gone\b/,
    '"no longer exists", "was removed" or "exited"',
    ['the engine is gone', 'the engine no longer exists'],
  ),
  text(/\bdoors?\b/, '"public entry point", "interface" or "socket"', [
    'through its door',
    'through its public index.ts',
  ]),
  text(/\bdesks?\b/, '"scheduler", "handler" or "pool"', ['the desk', 'the scheduler']),
  text(
    /\bgoes wrong as told\b|\bas (?:it is |was )?told\b/,
    '"fault injection" or "as configured"',
    ['a registry that goes wrong as told', 'a registry with fault injection'],
  ),
  text(/\bpresent (?:password|state|cost|one|revision|owner|context|version)\b/, '"current …"', [
    'the present password',
    'the current password',
  ]),
  text(/\bpredecessor(?:s|'s|’s)?\b/, '"legacy API" or the name of the program', [
    "the predecessor's calls",
    'the legacy API',
  ]),
  text(/\bset aside\b|\bputs? [a-z ]{0,20}aside\b/, '"moved to", "quarantined" or "spooled"', [
    'puts the archive aside',
    'spools the archive',
  ]),
  text(/\bsomething bad\b|\bnothing bad\b/, '"malicious" or "no malware"', [
    'something bad was found',
    'malware was found',
  ]),
  text(/\b(?:not|is|are|was|were) in (?:good )?order\b/, '"healthy" or "unhealthy"', [
    'the scanner was not in order',
    'the scanner was unhealthy',
  ]),
  text(
    /\b(?:is|are|was|were|be|been) told\b(?! apart| to\b)/,
    '"is reported", "shown" or "logged"',
    [
      'a broken cache is told as a warning',
      'a broken cache is logged as a warning; tests can be told apart',
    ],
  ),
  text(
    /\btells? (?:the number|how|of|upload|which|a|whether|meanwhile)\b/,
    '"reports" or "shows"',
    [
      'clamd tells the number of the daily signatures',
      'clamd reports the number of the daily signatures',
    ],
  ),
  text(/\bagain and again\b/, '"repeatedly" or "too many"', [
    'is redirected again and again',
    'too many redirects',
  ]),
  text(/\bby chance\b/, '"randomly"', [
    'inputs are changed by chance',
    'inputs are mutated randomly',
  ]),
  text(/\bsets? it for good\b|\bkept? for good\b/, 'the variable or option that sets it', [
    'LAZARET_CLAMD sets it for good',
    'clamd socket (env: LAZARET_CLAMD)',
  ]),
  text(
    /\bas far as it goes\b|\bout of all proportion\b|\bis worth nothing\b/,
    'the limit or state',
    ['inflates out of all proportion', 'exceeds the compression ratio limit'],
  ),
  text(/\bis in the way\b|\bstands? in the way\b/, '"already exists"', [
    'x is in the way',
    'x already exists and is not a directory',
  ]),
  text(/\b(?:made|written|done|given back) by hand\b/, '"custom" or "manually"', [
    'a command made by hand',
    'a custom command',
  ]),
  text(/\blet(?:s|ting)? go of\b|\blets go\b/, '"release", "abort" or "stop"', [
    'let go of the registry',
    'abort the request',
  ]),
  text(
    /\bputs? (?:it |them |together)back\b|\bputs? [a-z` ]{0,30}together\b/,
    '"requeue" or "bundle"',
    ['puts `lazaret inspect` together', 'bundles `lazaret inspect`'],
  ),
  text(/\bsome (?:hundreds?|tens|\d+)\b/, '"about …" or "several …"', [
    'in some 10 ms',
    'in about 10 ms',
  ]),
  text(/\bwhat lies (?:between|behind|there)\b/, '"the differences between" or "the content of"', [
    'What lies between two images',
    'Compare two images',
  ]),
  text(/\btakes? any certificate\b/, '"skips TLS verification"', [
    'takes any certificate from it',
    'skips TLS verification for it',
  ]),
  text(/\bbegin(?:s|ning)? with nothing\b|\bbegins? so\b/, '"replace" or "starts with"', [
    'Files whose path begins so',
    'Files whose path starts with this',
  ]),
  text(/\bout of sight\b|\bnobody is there\b/, '"not visible in ps" or "not a terminal"', [
    'LAZARET_TOKEN keeps it out of sight',
    'LAZARET_TOKEN is not visible in ps',
  ]),
  text(
    /\bthere is nothing at\b|\bnothing half-done\b|\bnothing was half-done\b/,
    '"no route for"',
    ['there is nothing at /x', 'no route for /x'],
  ),
  text(/\blast administrator stays\b|\bholds its words\b|\bin small letters\b/, 'the plain words', [
    'The last administrator stays',
    'Cannot remove the last administrator',
  ]),
  text(/\bbreaks? a promise\b|\bin the life of\b|\bforking fails\b/, '"violates an invariant"', [
    'an answer that breaks a promise',
    'a violated invariant',
  ]),
  text(/\btakes? the place of\b|\bin the place of\b/, '"replaces" or "instead of"', [
    'DATABASE_URL takes the place of the embedded database',
    'DATABASE_URL replaces the embedded database',
  ]),
  text(/\bhad a look\b|\bnobody looked\b|\bnot looked at\b/, '"examined" or "not examined"', [
    'Not looked at',
    'Not examined',
  ]),
  text(
    /\bat work\b|\basked for$|^nothing waits|\bended never\b|\bhold still\b|\bkeep it$/,
    'a status word',
    ['At work', 'Running'],
  ),
  text(/\bknown hole\b|\bknown from before\b|\bis known already\b/, '"vulnerability" or "cached"', [
    'a known hole',
    'a known vulnerability',
  ]),

  text(
    /\bl(?:ies|ie|ay|ying) (?:in|at|below|beside|outside|behind)\b/,
    '"is in" or "is stored in"',
    ['the token lies in the data directory', 'the token is in the data directory'],
  ),
  text(/\bstands? (?:in|at|beside|there)\b/, '"is in", "is listed in" or "is at"', [
    'All options stand in the reference',
    'All options are listed in the reference',
  ]),
  text(/\bgoe?s? on (?!to\b|the\b|a\b)|\bgoe?s? on$/, '"continues"', [
    'the inspection goes on without it',
    'the inspection continues without it',
  ]),
  text(/\bsp(?:eaks?|oke|eaking) (?:of|against|to)\b/, '"is about", "mentions" or "connects to"', [
    'speaks of too many packages',
    'record lists too many packages',
  ]),
  text(
    /(?<![/^'`])\bnobody\b(?![/:'’]|$)|\bwhoever\b/,
    '"no one", "nothing" or the role that is meant',
    ['nobody renewed its lease', 'its lease expired'],
  ),
  text(/\b(?:what|nothing) (?:came|comes|becomes|became) (?:of|to)\b|\bcame to\b/, '"the result"', [
    'what came of an inspection',
    'the result of an inspection',
  ]),
  text(/(?<!there )\b(?:is|are) none\b/, '"is not one" or the noun', [
    'the registry is none inside the network',
    'internal registries are refused',
  ]),
  text(/\bis gone (?:from|with)\b|\bgone with\b/, '"is removed with"', [
    'the lock is gone with the session',
    'the session releases the lock',
  ]),
  text(/\bmend(?:s|ed)?\b/, '"fix" or "correct"', ['mend it', 'fix it']),

  text(/\bbeside\b/, '"next to" or "in addition to"', [
    'the file beside the result',
    'the file next to the result',
  ]),
  text(
    /\bbehind (?:the (?:end|headers?|beginning|first|entries)|its end|a (?:dash|word|script)|them)\b/,
    '"after"',
    ['data behind the end of the archive', 'data after the end; a server behind a proxy'],
  ),
  text(/\ball the same\b(?! (?:length|size|type))/, '"still" or "anyway"', [
    'a broken link is listed all the same',
    'a broken link is still listed',
  ]),
  text(/\blooked at (?:above|below|all|once)\b|\b(?:is|are) looked at\b/, '"checked" or "read"', [
    'the ratio is looked at above this size',
    'the ratio is checked above this size',
  ]),
  text(/\bpassed over\b/, '"skipped" or "ignored"', [
    'hidden files are passed over',
    'hidden files are ignored',
  ]),
  text(/\bleft out\b|\bleaves? out\b/, '"omitted"', [
    'symbolic links are left out',
    'symbolic links are omitted',
  ]),
  text(/\bstands? (?:before|behind|alone|between|below)\b/, '"precedes", "sorts before" or "is"', [
    'a tilde stands before the end',
    'a tilde sorts before the end',
  ]),
  text(/\boffers? to the (?:process|search)\b/, '"the slice of …" or the interface', [
    'What jobs offer to the process',
    'The slice of jobs',
  ]),
  text(/\bfor ever\b/, '"forever" or "indefinitely"', ['it waits for ever', 'it waits forever']),
  text(/\bworth (?:a|an|keeping|something|saving)\b/, 'the criterion', [
    'inputs worth keeping',
    'inputs that reach new code',
  ]),
  text(/\btells?\b(?! apart| the (?:user|caller))/, '"reports", "shows" or "has"', [
    'a program tells its version',
    'the version of a program is read',
  ]),
  text(/\b(?:not|were|was|is) understood\b/, '"could not be parsed" or "unsupported"', [
    'records that were not understood',
    'records that could not be parsed',
  ]),
  text(/(?<![/^'`])\b(?:some|any)body\b(?!['’:])/, 'the role: "a user", "another process"', [
    'somebody asked to cancel',
    'a user requested cancellation',
  ]),
  text(/\b(?:is|are|was|were) (?:not )?believed\b/, '"trusted" or "used"', [
    'a layer of another digest is not believed',
    'a layer with another digest is refused',
  ]),
  text(/\bdressed as\b|\bkeeps? to itself\b|\bin the words of\b/, 'the plain verb', [
    'malware dressed as a certificate',
    'malware disguised as a certificate',
  ]),
  text(/\bnarrowed\b|\bmints?\b/, '"restricted" or "creates"', [
    'a narrowed token mints no wider one',
    'a restricted token cannot create a broader one',
  ]),
  text(/\bby way of\b|\bfor want of\b/, '"through" or "without"', [
    'ClamAV by way of its daemon',
    'ClamAV through its daemon',
  ]),

  name(/\bdesks?\b/, '"scheduler", "handler" or "pool"', ['layerDesk', 'layerScheduler']),
  name(/\bdoors?\b/, '"entry point" or "load…"', ['inspect-door.ts', 'load-analysis.ts']),
  name(/\banew\b/, '"again" or "fresh"', ['examineAnew', 'examineFresh']),
  name(
    /\bforeign (?:json|bytes?|input|text|object|platform|names?|values?|document|archive)\b/,
    '"untrusted"',
    ['parseForeignObject', 'foreignLayer'],
  ),
  name(/\bdoubts?\b/, '"warning" or "diagnostic"', ['doubts', 'warnings']),
  name(/\btroubles?\b/, '"warning" or "failure"', ['onTrouble', 'onWarning']),
  name(/\bpassing (?:error|reasons?)\b|\bis passing\b/, '"transient"', [
    'PassingError',
    'TransientError',
  ]),
  name(/\bis lasting\b|\blasting fact\b/, '"cacheable"', ['isLastingFact', 'isCacheableFact']),
  name(/\bsurvey\b/, '"resolve" or "plan"', ['surveyImage', 'resolveImage']),
  name(/\blet go\b|\bput back\b|\bset aside\b/, '"abort", "requeue" or "moveAside"', [
    'letGo',
    'abort',
  ]),
  name(/\bbring to form\b|\bbury\b|\bdescribed twice\b/, '"migrate" or "hideSubtree"', [
    'bringToForm',
    'migrateSchema',
  ]),
  name(/\bsource word\b|\bfail words\b/, '"sourceSpec" or "failOnValues"', [
    'readSourceWord',
    'parseSourceSpec',
  ]),
  name(/\binspection hold\b|\bend badly\b|\bbad end\b/, '"InspectionLease" or "failure"', [
    'endBadly',
    'handleFailure',
  ]),
  name(/\btake place\b|\btake over\b/, '"replace" or "recover"', [
    'decideTakeOver',
    'planRecovery',
  ]),
  name(/\bnudges?\b|\bdeaf\b|\binsist\b/, '"wake" or "retry"', ['nudge', 'wake']),
  name(/\b(?:no|node|reserve) room\b|\broom of\b|\bon room\b/, '"capacity"', [
    'NodeRoom',
    'NodeCapacity',
  ]),
  name(/\bwhy never\b|\bwhy not now\b/, '"unschedulableReason"', [
    'whyNever',
    'unschedulableReason',
  ]),
  name(/\bexcuse\b/, '"reason"', ['excuse', 'downgradeReason']),
  name(/\bpresent cost\b|\bby hand\b/, '"currentParams" or "custom"', ['byHand', 'customCommands']),
  name(/\blook badge\b|^took$/, '"duration" or "status"', ['took.tsx', 'duration.tsx']),
  name(/\b(?:job|registry|executor) (?:lab|rig)\b/, '"fixture" or "harness"', [
    'job-lab.ts',
    'job-fixture.ts',
  ]),
  name(/\bbeside\b/, 'the noun: "configRecord"', ['gapsBeside', 'configGaps']),
  name(/\btold\b|\btells\b/, '"reported" or "listed"', ['feedsTold', 'feedsListed']),
  name(/\bsomebody\b|\bstranger\b|\bnameless\b/, '"user" or "unnamed"', [
    'openNamelessFile',
    'openUnnamedFile',
  ]),
];

/** Codes of lists that a reader of a failing test cannot look up. */
export const testCodes: readonly RegExp[] = [
  /\b\d[a-z]\.\d+\b/,
  /\brow \d+\b/i,
  /^[A-Z]\d+:/,
  /^\d+\.\d+(?:\.\d+)* [a-z]/,
  /\((?:[^()]*,? )?\d+\.\d+(?:\.\d+)?(?:[:,][^()]*)?\)/,
];
