import { TextInput } from '@mantine/core';
import { type Engine, operations } from '@lazaret/protocol';
import { IconMicroscope, IconSearch, IconSquare, IconSquareCheckFilled } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';

import { useOperation } from '../../data.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { LinkButton } from '../../components/router-link.tsx';
import { useAllowed } from '../../session.ts';

const searchFrom = 7;

interface EnginePickerProps {
  readonly value: readonly string[];
  readonly onChange: (names: readonly string[]) => void;
}

/** Selects the engine. */
export function EnginePicker({ value, onChange }: EnginePickerProps): ReactNode {
  const query = useOperation(operations.engines.list, { query: { limit: 200 } });
  const mayManage = useAllowed('engines.manage');
  const [typed, setTyped] = useState('');
  return (
    <QueryView query={query} rows={3}>
      {({ items }) => {
        if (items.length === 0) {
          return (
            <EmptyState
              icon={IconMicroscope}
              title="No engines yet"
              small
              {...(mayManage
                ? { action: <LinkButton to="/engines/new">Add engine</LinkButton> }
                : {})}
            >
              An engine is a container image with a manifest. Operators can add engines.
            </EmptyState>
          );
        }
        const wanted = typed.trim().toLowerCase();
        const shown = items.filter((engine) =>
          `${engine.name} ${engine.description}`.toLowerCase().includes(wanted),
        );
        return (
          <div className="stack tight">
            {items.length >= searchFrom && (
              <TextInput
                aria-label="Search engines"
                placeholder="Search engines"
                leftSection={<IconSearch size={16} />}
                value={typed}
                onChange={(event) => setTyped(event.currentTarget.value)}
              />
            )}
            <div className="engine-options" role="group" aria-label="Engines">
              {shown.map((engine) => (
                <EngineOption
                  key={engine.name}
                  engine={engine}
                  isChosen={value.includes(engine.name)}
                  onToggle={() =>
                    onChange(
                      value.includes(engine.name)
                        ? value.filter((name) => name !== engine.name)
                        : [...value, engine.name],
                    )
                  }
                />
              ))}
            </div>
          </div>
        );
      }}
    </QueryView>
  );
}

interface EngineOptionProps {
  readonly engine: Engine;
  readonly isChosen: boolean;
  readonly onToggle: () => void;
}

function EngineOption({ engine, isChosen, onToggle }: EngineOptionProps): ReactNode {
  return (
    <button
      type="button"
      className="engine-option"
      role="checkbox"
      aria-checked={isChosen}
      disabled={!engine.enabled}
      onClick={onToggle}
    >
      <span className="row between">
        <span className="row tight">
          {isChosen ? (
            <IconSquareCheckFilled size={18} aria-hidden />
          ) : (
            <IconSquare size={18} aria-hidden />
          )}
          <strong>{engine.name}</strong>
        </span>
        <span className="dim small">
          {engine.enabled ? (engine.version === '' ? '' : `version ${engine.version}`) : 'disabled'}
        </span>
      </span>
      {engine.description !== '' && (
        <span className="dim small">
          <PlainText>{engine.description}</PlainText>
        </span>
      )}
      {engine.problem !== null && <span className="small problem-line">{engine.problem}</span>}
    </button>
  );
}
