import React from 'react';

type Props = { name: string };

export function Hello({ name }: Props) {
  const onClick = () => {
    alert(name);
  };
  return (
    <div onClick={onClick}>
      <span>{name}</span>
    </div>
  );
}

export const Bye: React.FC<Props> = ({ name }) => {
  return <b>{name}</b>;
};

export const Memo = React.memo(function Inner(props: Props) {
  return <i>{props.name}</i>;
});

export default class App extends React.Component<Props> {
  state = { open: false };

  render() {
    return (
      <Hello name="x" />
    );
  }
}
