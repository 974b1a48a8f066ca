import { formatSize, plural } from '@lazaret/protocol';
import { type ReactNode, useState } from 'react';

import { countHighBlocks, type Entropy, highEntropyBits } from './strings-result.ts';

const heightUnits = 64;
const bitsMax = 8;

interface EntropyChartProps {
  readonly entropy: Entropy;
  readonly sizeBytes: number;
  /** Called with the offset of the selected block. */
  readonly onChoose: (offset: number) => void;
}

/** Entropy of each block of the file, from 0 to 8 bits per byte. */
export function EntropyChart({ entropy, sizeBytes, onChoose }: EntropyChartProps): ReactNode {
  const { blocks, blockBytes, bitsPerByte } = entropy;
  const [over, setOver] = useState<number>();
  if (blocks.length === 0) return null;
  const high = countHighBlocks(entropy);
  const summary =
    `${bitsPerByte.toFixed(2)} bits per byte in the whole file; ` +
    (high === 0
      ? `no block above ${highEntropyBits}`
      : `${high} of ${plural(blocks.length, 'block')} above ${highEntropyBits}, ` +
        'as in compressed or encrypted data');
  const bits = over === undefined ? undefined : blocks[over];
  return (
    <figure className="entropy">
      <figcaption className="row between small">
        <span>
          <strong>Entropy</strong> <span className="dim">{summary}</span>
        </span>
        <span className="dim number" aria-hidden>
          {over === undefined || bits === undefined
            ? plural(
                blocks.length,
                `block of ${formatSize(blockBytes)}`,
                `blocks of ${formatSize(blockBytes)}`,
              )
            : `0x${(over * blockBytes).toString(16)}: ${bits.toFixed(2)}`}
        </span>
      </figcaption>
      <div className="entropy-plot">
        <div className="entropy-scale dim small number" aria-hidden>
          <span>8</span>
          <span>4</span>
          <span>0</span>
        </div>
        <svg
          role="img"
          aria-label={`Entropy by block: ${summary}`}
          viewBox={`0 0 ${blocks.length} ${heightUnits}`}
          preserveAspectRatio="none"
          onPointerLeave={() => setOver(undefined)}
        >
          {blocks.map((value, index) => (
            <Bar
              key={index}
              index={index}
              bits={value}
              isOver={index === over}
              onOver={() => setOver(index)}
              onChoose={() => onChoose(index * blockBytes)}
            />
          ))}
          <line
            className="entropy-limit"
            x1={0}
            x2={blocks.length}
            y1={heightUnits * (1 - highEntropyBits / bitsMax)}
            y2={heightUnits * (1 - highEntropyBits / bitsMax)}
          />
        </svg>
      </div>
      <div className="entropy-range row between dim small number" aria-hidden>
        <span>0x0</span>
        <span>click a block to see its strings</span>
        <span>0x{sizeBytes.toString(16)}</span>
      </div>
    </figure>
  );
}

interface BarProps {
  readonly index: number;
  readonly bits: number;
  readonly isOver: boolean;
  readonly onOver: () => void;
  readonly onChoose: () => void;
}

function Bar({ index, bits, isOver, onOver, onChoose }: BarProps): ReactNode {
  const height = (Math.min(Math.max(bits, 0), bitsMax) / bitsMax) * heightUnits;
  const kind = bits >= highEntropyBits ? 'high' : 'plain';
  return (
    <g onPointerEnter={onOver} onClick={onChoose}>
      <rect className="entropy-hit" x={index} y={0} width={1} height={heightUnits} />
      <rect
        className={`entropy-bar ${kind}${isOver ? ' over' : ''}`}
        x={index}
        y={heightUnits - height}
        width={1}
        height={height}
      />
    </g>
  );
}
