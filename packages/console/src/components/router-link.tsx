/** Mantine buttons and anchors as router links. */
import { Anchor, type AnchorProps, Button, type ButtonProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import { type AnchorHTMLAttributes, forwardRef } from 'react';

type Native<P> = P & Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof P>;

const PlainButton = forwardRef<HTMLAnchorElement, Native<ButtonProps>>((props, ref) => (
  <Button component="a" ref={ref} {...props} />
));
PlainButton.displayName = 'PlainButton';

const PlainAnchor = forwardRef<HTMLAnchorElement, Native<AnchorProps>>((props, ref) => (
  <Anchor ref={ref} inherit {...props} />
));
PlainAnchor.displayName = 'PlainAnchor';

export const LinkButton: ReturnType<typeof createLink<typeof PlainButton>> =
  createLink(PlainButton);
export const LinkAnchor: ReturnType<typeof createLink<typeof PlainAnchor>> =
  createLink(PlainAnchor);
