#pragma once

#include "ui/designer/formpage.h"

class QFormLayout;
class QFrame;

namespace studio {

class NumberField;

/// Name of the experiment, the model folder with what its files tell, and what to change in the model.
class ModelPage : public FormPage
{
    Q_OBJECT

public:
    explicit ModelPage(ExperimentDocument* document, QWidget* parent = nullptr);

    bool owns(const QString& key) const override;
    void refresh(const QString& key) override;

protected:
    void build() override;

private:
    void showFacts();

    QFrame* m_facts = nullptr;
    QFormLayout* m_factLines = nullptr;
    NumberField* m_length = nullptr;
    NumberField* m_dimensions = nullptr;
    QString m_shownFolder;
};

} // namespace studio
