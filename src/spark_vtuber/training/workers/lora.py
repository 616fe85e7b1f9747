"""LoRA training in a process of its own: `python -m spark_vtuber.training.workers.lora FOLDER`.

The folder is the one `training.recipe` describes. What happens is told in frames of the worker protocol, without any
request: `ready {device, parameters, trainable, train, held_out}`, `step {step, of, loss, learning_rate, tokens_per_s,
memory_mb}`, `held_out {step, loss}`, `saved {what}`, and at the end `end {…result}` or `error {code, message, fix}`.
When stdin closes, or on SIGTERM, it saves a checkpoint and ends with `cancelled`; started again it goes on from there.

The base model is read from safetensors only, and no code that came with it runs.
"""

import json
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from peft import LoraConfig, PeftModel, get_peft_model, prepare_model_for_kbit_training
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    BitsAndBytesConfig,
    DataCollatorForSeq2Seq,
    PreTrainedTokenizerBase,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    set_seed,
)

from spark_vtuber.core.frames import encode

_IGNORED: Final = -100
"""A token with this label adds nothing to the loss."""

_WARM_UP: Final = 0.05
_PROJECTIONS: Final = "all-linear"


class WorkError(Exception):
    """What the user has to change: code, message and fix, as the frame `error` says."""

    def __init__(self, code: str, message: str, fix: str) -> None:
        super().__init__(message)
        self.code, self.fix = code, fix


@dataclass(slots=True)
class Stop:
    """Set from outside when the training shall pause."""

    is_asked: bool = False

    def listen(self) -> None:
        """Hear of it by SIGTERM and by the end of stdin."""
        signal.signal(signal.SIGTERM, lambda *_: self._ask())
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        self._ask()

    def _ask(self) -> None:
        self.is_asked = True


def say(kind: str, **fields: Any) -> None:
    """Write one frame."""
    _FRAMES.write(encode({"type": kind, **fields}))
    _FRAMES.flush()


class Conversations:
    """Conversations as tokens; only the last message has labels."""

    def __init__(self, path: Path, tokenizer: PreTrainedTokenizerBase, longest: int) -> None:
        self.messages: list[list[dict[str, str]]] = []
        self._rows: list[dict[str, list[int]]] = []
        self.too_long = 0
        for line in path.read_text(encoding="utf-8").splitlines():
            messages = json.loads(line)["messages"]
            prompt = tokens_of(tokenizer, messages[:-1], opens_answer=True)
            whole = tokens_of(tokenizer, messages, opens_answer=False)
            if whole[: len(prompt)] != prompt:
                # A template that writes an answer differently once it is history: the answer is then added by hand.
                answer = tokenizer(messages[-1]["content"], add_special_tokens=False)["input_ids"]
                whole = [*prompt, *answer, tokenizer.eos_token_id]
            if len(whole) > longest:
                self.too_long += 1
                continue
            self.messages.append(messages)
            labels = [_IGNORED] * len(prompt) + whole[len(prompt) :]
            self._rows.append({"input_ids": whole, "attention_mask": [1] * len(whole), "labels": labels})

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> dict[str, list[int]]:
        return self._rows[index]


def tokens_of(tokenizer: PreTrainedTokenizerBase, messages: list[dict[str, str]], *, opens_answer: bool) -> list[int]:
    """A conversation in the model's own template; one that knows no system message finds it in the first user's."""
    try:
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=opens_answer)
    except Exception:  # noqa: BLE001 - a template may raise whatever its author chose
        system, first, *rest = messages
        folded = [{"role": "user", "content": f"{system['content']}\n\n{first['content']}"}, *rest]
        text = tokenizer.apply_chat_template(folded, tokenize=False, add_generation_prompt=opens_answer)
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


class Telling(TrainerCallback):  # type: ignore[misc] # transformers has no types here
    """Tells of steps and losses, and ends the training when it was asked to."""

    def __init__(self, stop: Stop, device: torch.device) -> None:
        self._stop = stop
        self._device = device
        self._at_s = time.monotonic()
        self._tokens = 0

    def on_log(
        self, _args: TrainingArguments, state: TrainerState, _control: TrainerControl, logs: dict[str, float], **_: Any
    ) -> None:
        """The trainer has something to say."""
        if "eval_loss" in logs:
            say("held_out", step=state.global_step, loss=logs["eval_loss"])
        elif "loss" in logs:
            now_s, tokens = time.monotonic(), int(state.num_input_tokens_seen)
            rate = (tokens - self._tokens) / max(now_s - self._at_s, 1e-6)
            self._at_s, self._tokens = now_s, tokens
            say(
                "step",
                step=state.global_step,
                of=state.max_steps,
                loss=logs["loss"],
                learning_rate=logs.get("learning_rate", 0.0),
                tokens_per_s=round(rate, 1),
                memory_mb=memory_mb(self._device),
            )

    def on_step_end(
        self, _args: TrainingArguments, _state: TrainerState, control: TrainerControl, **_: Any
    ) -> TrainerControl:
        """A step is over."""
        if self._stop.is_asked:
            control.should_save = control.should_training_stop = True
        return control

    def on_save(self, _args: TrainingArguments, state: TrainerState, _control: TrainerControl, **_: Any) -> None:
        """A checkpoint was written."""
        say("saved", what=f"checkpoint {state.global_step}")


def train(folder: Path, stop: Stop) -> dict[str, Any] | None:
    """Train, or go on; gives the result, or None where it was asked to pause."""
    recipe = json.loads((folder / "recipe.json").read_text(encoding="utf-8"))
    set_seed(recipe["seed"])
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    tokenizer = AutoTokenizer.from_pretrained(recipe["base"], trust_remote_code=False)
    if tokenizer.chat_template is None:
        what = f"{recipe['base']} has no chat template"
        raise WorkError("no_template", what, "take the instruct model of the family")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    learnt = Conversations(folder / "train.jsonl", tokenizer, recipe["longest"])
    held_out = Conversations(folder / "held_out.jsonl", tokenizer, recipe["longest"])
    if not len(learnt) or not len(held_out):
        raise WorkError("too_long", f"no example fits into {recipe['longest']} tokens", "raise --longest")
    model = adapted(recipe, device)
    trainable, parameters = model.get_nb_trainable_parameters()
    say(
        "ready",
        device=torch.cuda.get_device_name() if device.type == "cuda" else f"CPU, {torch.get_num_threads()} threads",
        parameters=parameters,
        trainable=trainable,
        train=len(learnt),
        held_out=len(held_out),
        too_long=learnt.too_long + held_out.too_long,
    )
    trainer = Trainer(
        model=model,
        args=arguments(folder, recipe, device, len(learnt)),
        train_dataset=learnt,
        eval_dataset=held_out,
        data_collator=DataCollatorForSeq2Seq(tokenizer, label_pad_token_id=_IGNORED),
        callbacks=[Telling(stop, device)],
    )
    trainer.remove_callback(PrinterCallback)
    began_s = time.monotonic()
    with model.disable_adapter():
        before = trainer.evaluate()["eval_loss"]
    trainer.train(resume_from_checkpoint=bool(list((folder / "checkpoints").glob("checkpoint-*"))) or None)
    if trainer.state.global_step < trainer.state.max_steps:
        return None
    after = trainer.evaluate()["eval_loss"]
    model.save_pretrained(folder / "adapter", safe_serialization=True)
    say("saved", what="adapter")
    write_sheet(folder, recipe, model, tokenizer, held_out)
    return {
        "held_out_before": before,
        "held_out_after": after,
        "perplexity_before": round(math.exp(min(before, 50.0)), 2),
        "perplexity_after": round(math.exp(min(after, 50.0)), 2),
        "steps": trainer.state.max_steps,
        "tokens": int(trainer.state.num_input_tokens_seen),
        "seconds": round(time.monotonic() - began_s, 1),
        "memory_mb": memory_mb(device),
    }


def adapted(recipe: dict[str, Any], device: torch.device) -> PeftModel:
    """The base model with a fresh adapter on all its linear layers."""
    if recipe["is_four_bit"] and device.type != "cuda":
        raise WorkError("no_card", "four bits need an NVIDIA card", "leave --four-bit out")
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    bits = BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=dtype
    )
    try:
        base = AutoModelForCausalLM.from_pretrained(
            recipe["base"],
            dtype=dtype,
            trust_remote_code=False,
            use_safetensors=True,
            quantization_config=bits if recipe["is_four_bit"] else None,
            device_map={"": device} if recipe["is_four_bit"] else None,
        )
    except ImportError as error:
        raise WorkError("not_installed", str(error).split("\n")[0], 'pip install "spark-vtuber[qlora]"') from error
    if recipe["is_four_bit"]:
        base = prepare_model_for_kbit_training(base)
    config = LoraConfig(
        r=recipe["rank"],
        lora_alpha=recipe["alpha"],
        lora_dropout=recipe["dropout"],
        target_modules=_PROJECTIONS,
        task_type="CAUSAL_LM",
    )
    return get_peft_model(base, config)


def arguments(folder: Path, recipe: dict[str, Any], device: torch.device, examples: int) -> TrainingArguments:
    """The recipe in the trainer's words: an evaluation and a checkpoint at each tenth of the way."""
    a_step = recipe["batch"] * recipe["accumulate"]
    steps = max(1, math.ceil(examples / a_step * recipe["epochs"]))
    every = max(1, steps // 10)
    return TrainingArguments(
        output_dir=str(folder / "checkpoints"),
        max_steps=steps,
        per_device_train_batch_size=recipe["batch"],
        per_device_eval_batch_size=recipe["batch"],
        gradient_accumulation_steps=recipe["accumulate"],
        learning_rate=recipe["learning_rate"],
        lr_scheduler_type="cosine",
        warmup_steps=max(1, round(steps * _WARM_UP)),
        weight_decay=0.0,
        max_grad_norm=1.0,
        activation_checkpointing=device.type == "cuda",
        bf16=device.type == "cuda",
        use_cpu=device.type == "cpu",
        eval_strategy="steps",
        eval_steps=every,
        save_strategy="steps",
        save_steps=every,
        save_total_limit=2,
        logging_steps=1,
        include_num_input_tokens_seen="all",
        disable_tqdm=True,
        report_to="none",
        seed=recipe["seed"],
        data_seed=recipe["seed"],
        dataloader_num_workers=0,
    )


def write_sheet(
    folder: Path, recipe: dict[str, Any], model: PeftModel, tokenizer: PreTrainedTokenizerBase, held_out: Conversations
) -> None:
    """Answers to lines it did not learn, without and with the adapter, to be read by a person."""
    model.eval()
    parts = [f"# {recipe['name']}: before and after\n"]
    for messages in held_out.messages[: recipe["samples"]]:
        prompt = torch.tensor([tokens_of(tokenizer, messages[:-1], opens_answer=True)], device=model.device)
        with model.disable_adapter():
            before = answer(model, tokenizer, prompt, recipe["sample_tokens"])
        after = answer(model, tokenizer, prompt, recipe["sample_tokens"])
        asked, wished = messages[-2]["content"], messages[-1]["content"]
        rows = (("asked", asked), ("before", before), ("after", after), ("wished for", wished))
        parts.append("\n".join(f"* **{name}**: {one_line(text)}" for name, text in rows) + "\n")
    (folder / "sheet.md").write_text("\n".join(parts), encoding="utf-8")
    say("saved", what="sheet")


def answer(model: PeftModel, tokenizer: PreTrainedTokenizerBase, prompt: torch.Tensor, tokens: int) -> str:
    """What the model says to a prompt, always choosing the likeliest token."""
    with torch.no_grad():
        out = model.generate(
            input_ids=prompt,
            attention_mask=torch.ones_like(prompt),
            max_new_tokens=tokens,
            do_sample=False,
            pad_token_id=tokenizer.pad_token_id,
        )
    return str(tokenizer.decode(out[0, prompt.shape[1] :], skip_special_tokens=True))


def one_line(text: str) -> str:
    """Text for a list of Markdown; the newest line of a prompt is what was asked."""
    kept = "".join(char if char.isprintable() else " " for char in text.strip().split("\n")[0])
    return kept.replace("`", "'")[:400]


def memory_mb(device: torch.device) -> int | None:
    """The most memory that was in use: of the card, else of this process where the system tells."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated() // 1_000_000)
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return None
    peak = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "")
    return int(peak.split()[1]) * 1024 // 1_000_000 if peak else None


@contextmanager
def told() -> Iterator[None]:
    """Tell of what went wrong inside in a frame; only bugs leave a traceback as well."""
    try:
        yield
    except WorkError as error:
        say("error", code=error.code, message=str(error), fix=error.fix)
    except torch.OutOfMemoryError:
        say("error", code="no_memory", message="the card has too little memory", fix="try --four-bit or --batch 1")
    except OSError as error:
        say("error", code="no_base", message=str(error).split("\n")[0], fix="name a folder with a model, or pull it")
    except Exception as error:
        say("error", code="training_failed", message=f"{type(error).__name__}: {error}".split("\n")[0], fix="")
        raise


def main() -> None:
    """Train in the folder that is named."""
    stop = Stop()
    stop.listen()
    with told():
        result = train(Path(sys.argv[1]), stop)
        say("cancelled") if result is None else say("end", **result)


if __name__ == "__main__":
    # Libraries print to stdout; frames must be alone there.
    _FRAMES = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    main()
