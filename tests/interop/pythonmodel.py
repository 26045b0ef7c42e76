"""Loading a folder with SentenceTransformer, listening for what the libraries have to say about its files."""
import logging, os, sys, warnings

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"


class Heard(logging.Handler):
    """Collects every warning that the libraries log while a folder is loaded."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())


def load(folder):
    """The model; ends the program when anything was warned about."""
    from sentence_transformers import SentenceTransformer

    heard = Heard()
    for logger in ("", "transformers", "sentence_transformers"):
        logging.getLogger(logger).addHandler(heard)
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        model = SentenceTransformer(folder, device="cpu")
    for logger in ("", "transformers", "sentence_transformers"):
        logging.getLogger(logger).removeHandler(heard)
    about_files = heard.messages + [str(w.message) for w in raised if issubclass(w.category, (UserWarning, RuntimeWarning))]
    if about_files:
        sys.exit(f"{folder}: Python warned while loading: {about_files}")
    return model
