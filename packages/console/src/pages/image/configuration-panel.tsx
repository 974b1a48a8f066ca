import type { ImageConfig, ImageDetail } from '@lazaret/protocol';
import { IconFileOff } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { TruncatedList } from '../../components/truncated-list.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Field } from '../../components/field.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { absoluteTime } from '../../time.ts';

/** Runtime configuration and build history of the image. */
export function ConfigurationPanel({ image }: { readonly image: ImageDetail }): ReactNode {
  const config = image.image?.config;
  if (config === undefined) {
    return (
      <EmptyState icon={IconFileOff} title="No configuration">
        The configuration is missing or could not be read.
      </EmptyState>
    );
  }
  return (
    <div className="sections">
      <section className="section" aria-label="Runtime">
        <h3>Runtime</h3>
        <div className="padded">
          <Start config={config} />
        </div>
      </section>
      <Pairs title="Environment" pairs={(config.env ?? []).map(splitVariable)} />
      <Pairs title="Labels" pairs={Object.entries(config.labels ?? {})} />
      <History history={config.history} />
    </div>
  );
}

function Start({ config }: { readonly config: ImageConfig }): ReactNode {
  const user = config.user === undefined || config.user === '' ? undefined : config.user;
  return (
    <dl className="fields wide-fields">
      <Field label="Entry point">
        <CommandLine args={config.entrypoint} />
      </Field>
      <Field label="Command">
        <CommandLine args={config.cmd} />
      </Field>
      <Field label="User">
        {user === undefined ? 'root (default)' : <TextValue text={user} />}
      </Field>
      <Field label="Working directory">
        <TextValue text={config.workingDir} />
      </Field>
      <Field label="Ports">
        <TextValue text={config.exposedPorts?.join(', ')} />
      </Field>
      <Field label="Volumes">
        <TextValue text={config.volumes?.join(', ')} />
      </Field>
      <Field label="Stop signal">
        <TextValue text={config.stopSignal} />
      </Field>
      <Field label="Created">
        <DateText text={config.created} />
      </Field>
      <Field label="Author">
        <TextValue text={config.author} />
      </Field>
    </dl>
  );
}

interface PairsProps {
  readonly title: string;
  readonly pairs: readonly (readonly [string, string])[];
}

function Pairs({ title, pairs }: PairsProps): ReactNode {
  if (pairs.length === 0) return null;
  const keyed = pairs.map(([name, value], index) => ({ name, value, index }));
  return (
    <section className="section" aria-label={title}>
      <h3>
        {title} <span className="count">{pairs.length}</span>
      </h3>
      <div className="padded">
        <TruncatedList items={keyed}>
          {(shown) => (
            <dl className="evidence">
              {shown.map(({ name, value, index }) => (
                <div key={index}>
                  <dt className="mono break">
                    <PlainText>{name}</PlainText>
                  </dt>
                  <dd className="mono break">
                    <PlainText>{value}</PlainText>
                  </dd>
                </div>
              ))}
            </dl>
          )}
        </TruncatedList>
      </div>
    </section>
  );
}

function History({ history }: { readonly history: ImageConfig['history'] }): ReactNode {
  if (history.length === 0) return null;
  const keyed = history.map((step, index) => ({ ...step, index }));
  return (
    <section className="section" aria-label="History">
      <h3>
        History <span className="count">{history.length}</span>
      </h3>
      <TruncatedList items={keyed}>
        {(shown) => (
          <ol className="history-steps">
            {shown.map((step) => (
              <li key={step.index}>
                <div className="mono small break">
                  <PlainText>{step.createdBy ?? 'unknown'}</PlainText>
                </div>
                <div className="dim small break">
                  <DateText text={step.created} />
                  {step.emptyLayer === true && ', no layer'}
                  {step.author !== undefined && ', by '}
                  <PlainText>{step.author ?? ''}</PlainText>
                  {step.comment !== undefined && ', '}
                  <PlainText>{step.comment ?? ''}</PlainText>
                </div>
              </li>
            ))}
          </ol>
        )}
      </TruncatedList>
    </section>
  );
}

function CommandLine({ args }: { readonly args: readonly string[] | undefined }): ReactNode {
  if (args === undefined || args.length === 0) return <span className="dim">none</span>;
  return (
    <span className="mono small break">
      <PlainText>{JSON.stringify(args)}</PlainText>
    </span>
  );
}

function TextValue({ text }: { readonly text: string | undefined }): ReactNode {
  if (text === undefined || text === '') return <span className="dim">none</span>;
  return <PlainText>{text}</PlainText>;
}

/** A date from the image; it may be any text. */
function DateText({ text }: { readonly text: string | undefined }): ReactNode {
  if (text === undefined) return 'unknown date';
  return Number.isNaN(Date.parse(text)) ? <PlainText>{text}</PlainText> : absoluteTime(text);
}

/** Splits `NAME=value=more` at the first equals sign. */
function splitVariable(variable: string): [string, string] {
  const at = variable.indexOf('=');
  return at < 0 ? [variable, ''] : [variable.slice(0, at), variable.slice(at + 1)];
}
