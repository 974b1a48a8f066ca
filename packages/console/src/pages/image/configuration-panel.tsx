import type { ImageConfig, ImageDetail } from '@lazaret/protocol';
import { IconFileOff } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { CutList } from '../../parts/cut-list.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Fact } from '../../parts/fact.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { absoluteTime } from '../../time.ts';

/** How a container of the image would start, and how the image was made. */
export function ConfigurationPanel({ image }: { readonly image: ImageDetail }): ReactNode {
  const config = image.image?.config;
  if (config === undefined) {
    return (
      <EmptyState icon={IconFileOff} title="No configuration">
        It could not be read, or what was inspected has none.
      </EmptyState>
    );
  }
  return (
    <div className="sections">
      <section className="section" aria-label="Start">
        <h3>Start</h3>
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
    <dl className="facts wide-facts">
      <Fact term="Entry point">
        <Words words={config.entrypoint} />
      </Fact>
      <Fact term="Command">
        <Words words={config.cmd} />
      </Fact>
      <Fact term="User">
        {user === undefined ? 'root, since none is set' : <Plain text={user} />}
      </Fact>
      <Fact term="Working directory">
        <Plain text={config.workingDir} />
      </Fact>
      <Fact term="Ports">
        <Plain text={config.exposedPorts?.join(', ')} />
      </Fact>
      <Fact term="Volumes">
        <Plain text={config.volumes?.join(', ')} />
      </Fact>
      <Fact term="Stop signal">
        <Plain text={config.stopSignal} />
      </Fact>
      <Fact term="Created">
        <Moment text={config.created} />
      </Fact>
      <Fact term="Author">
        <Plain text={config.author} />
      </Fact>
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
        <CutList items={keyed}>
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
        </CutList>
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
      <CutList items={keyed}>
        {(shown) => (
          <ol className="history-steps">
            {shown.map((step) => (
              <li key={step.index}>
                <div className="mono small break">
                  <PlainText>{step.createdBy ?? 'not told'}</PlainText>
                </div>
                <div className="dim small break">
                  <Moment text={step.created} />
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
      </CutList>
    </section>
  );
}

function Words({ words }: { readonly words: readonly string[] | undefined }): ReactNode {
  if (words === undefined || words.length === 0) return <span className="dim">none</span>;
  return (
    <span className="mono small break">
      <PlainText>{JSON.stringify(words)}</PlainText>
    </span>
  );
}

function Plain({ text }: { readonly text: string | undefined }): ReactNode {
  if (text === undefined || text === '') return <span className="dim">none</span>;
  return <PlainText>{text}</PlainText>;
}

/** A moment as the image writes it: it may write anything. */
function Moment({ text }: { readonly text: string | undefined }): ReactNode {
  if (text === undefined) return 'no date';
  return Number.isNaN(Date.parse(text)) ? <PlainText>{text}</PlainText> : absoluteTime(text);
}

/** `NAME=value=more` at its first sign. */
function splitVariable(variable: string): [string, string] {
  const at = variable.indexOf('=');
  return at < 0 ? [variable, ''] : [variable.slice(0, at), variable.slice(at + 1)];
}
